/* A client's own copy of its options. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include "c2d.h"

/* Copies in with all its texts. Free it with client_options_clear(), also after a failure, which is
 * C2D_OS. */
enum c2d_status client_options_copy(struct c2d_options *out, const struct c2d_options *in,
                                    struct c2d_error *error);
/* What is wrong with a number or a file: C2D_USAGE, C2D_CONFIG. Connects nothing. */
enum c2d_status client_options_check(const struct c2d_options *options, struct c2d_error *error);
/* C2D_USAGE for an option that is neither the default nor that of theirs, whose client is shared,
 * but for those of the proxy. */
enum c2d_status client_options_check_sharing(const struct c2d_options *options,
                                             const struct c2d_options *theirs,
                                             struct c2d_error *error);
/* Wipes the proxy's texts once struct proxy has them: no second copy of a password is kept. */
void client_options_forget_proxy(struct c2d_options *options);
void client_options_clear(struct c2d_options *options);

#endif
