/* Fills in errors. All texts pass through here, so they are printable whatever they quote. The
 * library prints nothing: that is left to the program. */
#include "error.h"

#include "buf.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum c2d_status status;
    /* Part of the programs' interface, as scripts read them on stderr: must not change. */
    const char *name;
} names[] = {
    { C2D_DRY_RUN, "DRY_RUN" },
    { C2D_OK, "OK" },
    { C2D_NO_MESSAGE, "NO_MESSAGE" },
    { C2D_QUEUE_FULL, "QUEUE_FULL" },
    { C2D_LOCK_LOST, "LOCK_LOST" },
    { C2D_NOT_FOUND, "NOT_FOUND" },
    { C2D_THROTTLED, "THROTTLED" },
    { C2D_QUOTA, "QUOTA" },
    { C2D_TOO_LARGE, "TOO_LARGE" },
    { C2D_TIMEOUT, "TIMEOUT" },
    { C2D_NETWORK, "NETWORK" },
    { C2D_TLS, "TLS" },
    { C2D_SERVER, "SERVER" },
    { C2D_PROTOCOL, "PROTOCOL" },
    { C2D_UNKNOWN_OUTCOME, "UNKNOWN_OUTCOME" },
    { C2D_USAGE, "USAGE" },
    { C2D_DATA, "DATA" },
    { C2D_OS, "OS" },
    { C2D_AUTH, "AUTH" },
    { C2D_CONFIG, "CONFIG" },
    { C2D_CANCELLED, "CANCELLED" },
};

const char *c2d_status_name(enum c2d_status status)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            return names[i].name;
    return "INTERNAL";
}

const char *c2d_version(void)
{
    return C2D_VERSION;
}

/* Member by member: each call does this twice, and the texts alone take 1 KiB. */
void error_reset(struct c2d_error *error)
{
    if (error == NULL)
        return;
    error->status = C2D_OK;
    error->step = C2D_STEP_NONE;
    error->http_status = error->hub_code = error->retry_after_s = 0;
    error->hub_time_s = 0;
    error->attempts = 0;
    error->retryable = error->earlier_try_unanswered = error->gave_up = false;
    error->hub_code_name[0] = error->request_id[0] = error->unreadable_sequence_number[0] = '\0';
    error->message_id[0] = error->text[0] = error->hint[0] = '\0';
    memset(error->spare, 0, sizeof error->spare);
}

/* Makes text printable without an allocation. */
static void mask(char *text)
{
    for (; *text != '\0'; text++)
        if (!byte_is_plain((unsigned char)*text))
            *text = '?';
}

/* Formats printable text into out. A text that is too long ends with "...", never within an
 * escape. */
__attribute__((format(printf, 3, 0))) static void format_printable(char *out, size_t size,
                                                                   const char *format, va_list args)
{
    char raw[1024];
    struct buf shown = { 0 };
    const char *text;

    if (vsnprintf(raw, sizeof raw, format, args) < 0)
        raw[0] = '\0';
    text_append_printable(&shown, raw, strlen(raw));
    if (shown.failed)
        mask(raw);
    text = shown.failed || shown.size == 0 ? raw : shown.data;
    if (strlen(text) < size)
        memcpy(out, text, strlen(text) + 1);
    else
        snprintf(out, size, "%.*s...", (int)text_cut(text, size - 4), text);
    buf_clear(&shown);
    wipe(raw, sizeof raw);
}

enum c2d_status fail(struct c2d_error *error, enum c2d_status status, const char *format, ...)
{
    va_list args;

    if (error != NULL) {
        error->status = status;
        va_start(args, format);
        format_printable(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return status;
}

void hint(struct c2d_error *error, const char *format, ...)
{
    va_list args;

    if (error != NULL) {
        va_start(args, format);
        format_printable(error->hint, sizeof error->hint, format, args);
        va_end(args);
    }
}

void fail_at(struct c2d_error *error, enum c2d_step step)
{
    if (error != NULL && error->step == C2D_STEP_NONE)
        error->step = step;
}

enum c2d_status fail_memory(struct c2d_error *error)
{
    if (error != NULL) {
        error->status = C2D_OS;
        /* Not fail(): it allocates memory. */
        snprintf(error->text, sizeof error->text, "out of memory");
    }
    return C2D_OS;
}
