/* Provides the token of a client, and renews it. */
#ifndef SIGNER_H
#define SIGNER_H

#include "hub/connstr.h"
#include "hub/hub_clock.h"

struct signer {
    const struct credentials *credentials; /* borrowed */
    struct buf token;                      /* the current one; empty: none yet */
    int64_t signed_at_s, renew_at_s;       /* by the hub's clock */
    struct hub_clock *hub_clock;           /* borrowed; shared by clients */
};

/* Sets *token to the value of the Authorization header at hub_now_s; NULL for X.509. Signs a new
 * token after 80 % of the lifetime of the old one, or if the clock was set back. */
enum c2d_status signer_token(struct signer *signer, int64_t hub_now_s, const char **token,
                             struct c2d_error *error);
/* Returns C2D_AUTH if a ready token has expired at now_s. Without is_refused (by the hub) only
 * after another 5 minutes, as hubs tolerate such a difference of clocks. */
enum c2d_status signer_check_ready(const struct signer *signer, int64_t now_s, bool is_refused,
                                   struct c2d_error *error);
/* Discards the token: the next signer_token() signs a new one. */
void signer_discard_token(struct signer *signer);
/* True if a new token can be signed after a 401: not with X.509 or a ready token. */
bool signer_can_renew(const struct signer *signer);
void signer_clear(struct signer *signer);

/* Appends host or host/devices/ID, for which a token is valid; device_id may be NULL. False: out of
 * memory. */
bool signer_resource(const struct credentials *credentials, const char *device_id,
                     struct buf *resource);

#endif
