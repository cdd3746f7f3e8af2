/* Makes and reads shared access signatures. */
#ifndef SAS_H
#define SAS_H

#include "base/buf.h"
#include "c2d.h"

/* Appends "SharedAccessSignature sr=…&sig=…&se=…[&skn=policy]" to token; policy may be NULL.
 * resource is host or host/devices/ID, not encoded. The signature is over its encoded form, as in
 * the token: that is what the hub hashes. */
enum c2d_status sas_token(const char *resource, const struct buf *key, const char *policy,
                          int64_t expires_at_s, struct buf *token, struct c2d_error *error);

/* Reads a token: the scheme, then sr, sig, se (and skn), each once. Returns C2D_DATA for anything
 * else. */
enum c2d_status sas_parse(const char *text, struct c2d_sas *sas, struct c2d_error *error);

#endif
