/* What goes to stderr: errors, hints, warnings; plain or as JSON Lines. */
#ifndef REPORT_H
#define REPORT_H

#include "app.h"

/* Which message or device an error is about; members may be NULL. */
struct subject {
    const char *device_id, *message_id;
};

/* Reports error unless it is silent by nature (nothing came, another instance), and returns its
 * status. subject may be NULL. */
enum c2d_status report_error(const struct app *app, const struct c2d_error *error,
                             const struct subject *subject);
/* Reports how a run of many things ended that did not do all of them; after a signal as a warning,
 * which -q does not hide. subject may be NULL. */
void report_summary(const struct app *app, const struct c2d_error *error,
                    const struct subject *subject);
/* Adds to the hint the program's options for what the hint names, such as the CA file. */
void report_name_options(struct c2d_error *error);
/* An error as an object for a line of results, the caller's; NULL when out of memory. */
char *report_error_json(const struct app *app, const struct c2d_error *error);
/* Reports an error of the program's own; hint may be NULL. Returns status. */
enum c2d_status report_failure(const struct app *app, enum c2d_status status, const char *hint,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Reports a wrong command line; returns C2D_USAGE. */
enum c2d_status report_usage(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void report_warning(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* line as it is, made printable; NULL is memory that was gone. */
void report_line(const char *line);
/* One line on stderr, for -v. */
void report_verbose(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of two failures the one that the program exits with. */
enum c2d_status worse(enum c2d_status first, enum c2d_status second);

#endif
