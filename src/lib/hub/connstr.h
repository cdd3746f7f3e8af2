/* A connection string, taken apart and checked. */
#ifndef CONNSTR_H
#define CONNSTR_H

#include "base/buf.h"
#include "c2d.h"

struct credentials {
    enum c2d_role role;
    char *host;              /* as given, with :port if there was one: where requests go */
    char *host_name;         /* without port: what tokens name */
    char *device_id;         /* a device's string only */
    char *policy;            /* SharedAccessKeyName */
    struct buf key;          /* decoded; empty: a ready token or X.509 */
    char *token;             /* SharedAccessSignature, as it was given */
    int64_t token_ends_at_s; /* when that expires, in seconds since 1970 */
    bool x509;
};

/* C2D_CONFIG, with credentials cleared, when text is no connection string that can be used. */
enum c2d_status connstr_parse(const char *text, struct credentials *credentials,
                              struct c2d_error *error);
/* C2D_CONFIG, and which is which, when credentials are not role's: a hub would only say 401, which
 * does not tell the wrong string from a wrong key. */
enum c2d_status credentials_require(const struct credentials *credentials, enum c2d_role role,
                                    struct c2d_error *error);
/* Wipes. Zeroed storage is fine. */
void credentials_clear(struct credentials *credentials);

#endif
