/* Parses and checks connection strings. */
#ifndef CONNSTR_H
#define CONNSTR_H

#include "base/buf.h"
#include "c2d.h"

struct credentials {
    enum c2d_role role;
    char *host;              /* as given, with :port if there was one */
    char *host_name;         /* without port, for tokens */
    char *device_id;         /* a device's string only */
    char *policy;            /* SharedAccessKeyName */
    struct buf key;          /* decoded; empty: a ready token or X.509 */
    char *token;             /* SharedAccessSignature, as given */
    int64_t token_ends_at_s; /* expiry of token, in seconds since 1970 */
    bool x509;
};

/* Parses text. Returns C2D_CONFIG, with credentials cleared, if it is not valid. The caller calls
 * credentials_clear(). */
enum c2d_status connstr_parse(const char *text, struct credentials *credentials,
                              struct c2d_error *error);
/* Returns C2D_CONFIG if credentials are not for role. A hub would respond 401, as for a wrong key.
 */
enum c2d_status credentials_require(const struct credentials *credentials, enum c2d_role role,
                                    struct c2d_error *error);
/* Wipes and frees the members. A zeroed struct is fine. */
void credentials_clear(struct credentials *credentials);

#endif
