/* Filling in a struct c2d_error. The text is made where the cause is known and travels unchanged.
 */
#ifndef ERROR_H
#define ERROR_H

#include "c2d.h"

/* C2D_OK, as a zeroed error is, and empty texts. NULL is fine. */
void error_reset(struct c2d_error *error);
/* Sets status and text, made printable; the other members stay. Returns status. NULL is fine. */
enum c2d_status fail(struct c2d_error *error, enum c2d_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the hint. NULL is fine. */
void hint(struct c2d_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says where it failed, for an error that does not know yet. NULL is fine. */
void fail_at(struct c2d_error *error, enum c2d_step step);
enum c2d_status fail_memory(struct c2d_error *error);

#endif
