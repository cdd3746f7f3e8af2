/* Keeps a token that is good for a while, and knows how far our clock is from the hub's. */
#ifndef SIGNER_H
#define SIGNER_H

#include "connstr.h"

struct signer {
    const struct credentials *credentials; /* borrowed */
    struct buf token;                      /* the one in use; empty: none yet */
    int64_t minted_at_s, renew_at_s;       /* hub's clock, as far as it is known */
    int64_t clock_offset_s;                /* hub's clock minus ours */
};

/* The value of an Authorization header at now_s (our clock), *token; NULL for X.509. A new token is
 * signed when the old one has lived 80 % of its hour or the clock was set back. */
enum c2d_status signer_token(struct signer *signer, int64_t now_s, const char **token,
                             struct c2d_error *error);
/* C2D_AUTH if a ready token expired by now_s (our clock): with is_refused as soon as it did, else
 * only once no hub accepts it any more, which tolerates clocks that are 5 minutes off. */
enum c2d_status signer_check_ready(const struct signer *signer, int64_t now_s, bool is_refused,
                                   struct c2d_error *error);
/* Forgets the token: the next one is fresh. */
void signer_renew(struct signer *signer);
/* Can a 401 be answered with another token? Not with X.509 or a ready token. */
bool signer_can_renew(const struct signer *signer);
/* The hub's time by the Date of an answer. False for a date that is not to be trusted: absurd (50
 * years off), not parsable or of a cached answer (Age); date and age may be NULL. */
bool signer_hub_time(const char *date, const char *age, int64_t now_s, int64_t *hub_s);
/* Compares that with our clock and follows the hub's from then on when they are over 5 minutes
 * apart; true if so. */
bool signer_follow_date(struct signer *signer, const char *date, const char *age, int64_t now_s);
void signer_clear(struct signer *signer);

/* host or host/devices/ID, which a token is for; device_id may be NULL. */
bool signer_resource(const struct credentials *credentials, const char *device_id,
                     struct buf *resource);

#endif
