#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 4, 0))) static enum c2d_status
fail_list(struct c2d_error *error, enum c2d_status status, const char *next_step,
          const char *format, va_list args)
{
    char text[sizeof error->text];

    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    hint(error, "%s", next_step);
    return fail(error, status, "%s", text);
}

enum c2d_status fail_with_hint(struct c2d_error *error, enum c2d_status status,
                               const char *next_step, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    status = fail_list(error, status, next_step, format, args);
    va_end(args);
    return status;
}

enum c2d_status fail_usage(const struct app *app, struct c2d_error *error, const char *format, ...)
{
    char next_step[sizeof error->hint];
    enum c2d_status status;
    va_list args;

    snprintf(next_step, sizeof next_step, "%s help%s%s", app->program->name,
             app->command != NULL ? " " : "", app->command != NULL ? app->command->name : "");
    va_start(args, format);
    status = fail_list(error, C2D_USAGE, next_step, format, args);
    va_end(args);
    return status;
}
