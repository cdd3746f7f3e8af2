/* Keeps a token that is good for a while. */
#ifndef SIGNER_H
#define SIGNER_H

#include "hub/connstr.h"
#include "hub/hub_clock.h"

struct signer {
    const struct credentials *credentials; /* borrowed */
    struct buf token;                      /* the one in use; empty: none yet */
    int64_t minted_at_s, renew_at_s;       /* hub's clock, as far as it is known */
    struct hub_clock *hub_clock;           /* borrowed; shared by clients */
};

/* The value of an Authorization header at hub_now_s, *token; NULL for X.509. A new token is signed
 * when the old one has lived 80 % of its hour or the clock was set back. */
enum c2d_status signer_token(struct signer *signer, int64_t hub_now_s, const char **token,
                             struct c2d_error *error);
/* C2D_AUTH if a ready token expired by now_s (our clock): with is_refused as soon as it did, else
 * only once no hub accepts it any more, which tolerates clocks that are 5 minutes off. */
enum c2d_status signer_check_ready(const struct signer *signer, int64_t now_s, bool is_refused,
                                   struct c2d_error *error);
/* Forgets the token: the next one is fresh. */
void signer_renew(struct signer *signer);
/* Can a 401 be answered with another token? Not with X.509 or a ready token. */
bool signer_can_renew(const struct signer *signer);
void signer_clear(struct signer *signer);

/* host or host/devices/ID, which a token is for; device_id may be NULL. */
bool signer_resource(const struct credentials *credentials, const char *device_id,
                     struct buf *resource);

#endif
