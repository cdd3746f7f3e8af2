/* Shared access signatures: made from a key, and read back. */
#ifndef SAS_H
#define SAS_H

#include "base/buf.h"
#include "c2d.h"

/* Appends "SharedAccessSignature sr=…&sig=…&se=…[&skn=policy]" to token; policy may be NULL.
 * resource is host or host/devices/ID, not yet encoded: it is encoded once, and signed as it then
 * stands in the token, which is what the hub hashes. */
enum c2d_status sas_token(const char *resource, const struct buf *key, const char *policy,
                          int64_t expires_at_s, struct buf *token, struct c2d_error *error);

/* C2D_DATA when text is no token: the scheme word, then sr, sig, se (and skn), each once. */
enum c2d_status sas_parse(const char *text, struct c2d_sas *sas, struct c2d_error *error);

#endif
