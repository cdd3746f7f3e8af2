#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

enum c2d_status fail_with_hint(struct c2d_error *error, enum c2d_status status,
                               const char *next_step, const char *format, ...)
{
    char text[sizeof error->text];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    hint(error, "%s", next_step);
    return fail(error, status, "%s", text);
}

enum c2d_status fail_usage(const struct app *app, struct c2d_error *error, const char *format, ...)
{
    char text[sizeof error->text];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    hint(error, "%s help%s%s", app->program->name, app->command != NULL ? " " : "",
         app->command != NULL ? app->command->name : "");
    return fail(error, C2D_USAGE, "%s", text);
}
