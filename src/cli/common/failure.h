/* Fills in the errors of the programs, as fail() does. They are returned to driver.c, which reports
 * them. */
#ifndef FAILURE_H
#define FAILURE_H

#include "app.h"
#include "base/error.h"

/* fail() with a hint. Returns status. */
enum c2d_status fail_with_hint(struct c2d_error *error, enum c2d_status status,
                               const char *next_step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Sets C2D_USAGE, with a hint to the help of the command. Returns C2D_USAGE. */
enum c2d_status fail_usage(const struct app *app, struct c2d_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
