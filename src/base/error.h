/* Fills in a struct c2d_error. The code that knows the cause writes the text; others keep it. */
#ifndef ERROR_H
#define ERROR_H

#include "c2d.h"

/* Sets all members to those of a zeroed error: C2D_OK, empty texts. NULL is fine. */
void error_reset(struct c2d_error *error);
/* Sets status and text, made printable; the other members stay. Returns status. NULL is fine. */
enum c2d_status fail(struct c2d_error *error, enum c2d_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the hint. NULL is fine. */
void hint(struct c2d_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sets the step that failed, unless error has one already. NULL is fine. */
void fail_at(struct c2d_error *error, enum c2d_step step);
/* Sets C2D_OS, "out of memory", without an allocation. Returns C2D_OS. NULL is fine. */
enum c2d_status fail_memory(struct c2d_error *error);

#endif
