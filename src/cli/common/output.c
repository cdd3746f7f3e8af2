/* Writes results to stdout without stdio: a buffer would delay an error until exit. */
#include "output.h"

#include "base/error.h"
#include "base/json_write.h"
#include "ready.h"
#include "signals.h"
#include "status_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum c2d_status output_check(const struct app *app, struct c2d_error *error)
{
    return app->stdout_closed ? fail(error, STATUS_IO, "stdout is closed") : C2D_OK;
}

size_t output_write(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    size_t done = 0;

    while (done < size) {
        ssize_t count = write(fd, bytes + done, size - done);

        /* A write is resumed after a signal, unless it is one of the handled signals. */
        if (count < 0 && errno == EINTR && signals_caught() == 0)
            continue;
        if (count < 0 && errno == EAGAIN && ready_await(fd, POLLOUT))
            continue;
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    return done;
}

bool output_text_line(int fd, char *text)
{
    size_t size = strlen(text), written;

    text[size] = '\n';
    written = output_write(fd, text, size + 1);
    text[size] = '\0';
    return written == size + 1;
}

enum c2d_status output_line(const struct app *app, char *text, struct c2d_error *error)
{
    if (text == NULL)
        return fail_memory(error);
    if (status_line_is_shown(app->line) && isatty(STDOUT_FILENO))
        status_line_hide(app->line); /* most likely on the same terminal */
    if (output_text_line(STDOUT_FILENO, text))
        return C2D_OK;
    return errno == EINTR ? C2D_CANCELLED : fail(error, STATUS_IO, "stdout: %s", strerror(errno));
}

enum c2d_status output_stream(const struct app *app, FILE *stream, char **text, const size_t *size,
                              struct c2d_error *error)
{
    bool ok = stream != NULL && fclose(stream) == 0;
    enum c2d_status status;

    if (ok)
        (*text)[*size - 1] = '\0';
    status = output_line(app, ok ? *text : NULL, error);
    free(*text);
    return status;
}

enum c2d_status output_object(const struct app *app, struct buf *line, struct c2d_error *error)
{
    char *text = json_end(line);
    enum c2d_status status = output_line(app, text, error);

    wipe_free(text); /* it may hold a token */
    return status;
}
