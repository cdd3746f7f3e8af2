/* A client's own copy of its options. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include "c2d.h"

/* Copies in with all its texts. Returns C2D_OS if out of memory, C2D_USAGE for an unknown size. The
 * caller calls client_options_clear() in any case. */
enum c2d_status client_options_copy(struct c2d_options *out, const struct c2d_options *in,
                                    struct c2d_error *error);
/* Checks numbers and files: C2D_USAGE, C2D_CONFIG. Does not connect. */
enum c2d_status client_options_check(const struct c2d_options *options, struct c2d_error *error);
/* Returns C2D_USAGE if an option is neither the default nor the same as in theirs, the options of
 * the client that shares. Does not check those of the proxy. */
enum c2d_status client_options_check_sharing(const struct c2d_options *options,
                                             const struct c2d_options *theirs,
                                             struct c2d_error *error);
/* Wipes the proxy's texts once struct proxy has them, to keep one copy of a password only. */
void client_options_wipe_proxy(struct c2d_options *options);
void client_options_clear(struct c2d_options *options);

#endif
