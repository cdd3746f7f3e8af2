/* Writes errors, hints and warnings to stderr, as text or as JSON Lines. */
#ifndef REPORT_H
#define REPORT_H

#include "app.h"

/* The message or device of an error; members may be NULL. */
struct subject {
    const char *device_id, *message_id;
};

/* Reports error and returns its status. Some statuses print nothing: no message, another instance.
 * subject may be NULL. */
enum c2d_status report_error(const struct app *app, const struct c2d_error *error,
                             const struct subject *subject);
/* Reports the incomplete end of a run over many items. After a signal it is a warning, which -q
 * does not hide. subject may be NULL. */
void report_summary(const struct app *app, const struct c2d_error *error,
                    const struct subject *subject);
/* Adds to the hint the options of the program for what it names, such as the CA file. */
void report_name_options(struct c2d_error *error);
/* Returns an error as a JSON object; the caller frees it. NULL: out of memory. */
char *report_error_json(const struct app *app, const struct c2d_error *error);
/* Reports at once an error of a command that goes on, such as a drain; hint may be NULL. Returns
 * status. */
enum c2d_status report_failure(const struct app *app, enum c2d_status status, const char *hint,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Reports that a result could not be printed, for the reason in error, which is cleared. The text
 * is what the hub has done. Does nothing if status is C2D_OK. Returns status. */
enum c2d_status report_unprinted(const struct app *app, enum c2d_status status,
                                 struct c2d_error *error, const struct subject *subject,
                                 const char *format, ...) __attribute__((format(printf, 5, 6)));
void report_warning(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes line, made printable. A NULL line (out of memory) prints nothing. */
void report_line(const char *line);
/* Writes one line to stderr with -v. */
void report_verbose(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
