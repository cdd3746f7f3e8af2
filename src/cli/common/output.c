/* Writes results to stdout without stdio: a buffer would delay an error until exit. */
#include "output.h"

#include "base/buf.h"

#include "ready.h"
#include "report.h"
#include "signals.h"
#include "status_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum c2d_status output_check(const struct app *app)
{
    return app->stdout_closed ? report_failure(app, STATUS_IO, NULL, "stdout is closed") : C2D_OK;
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

enum c2d_status output_line(const struct app *app, const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    /* One write(2) including the newline, so that lines of concurrent writers do not mix. */
    char *line = text == NULL ? NULL : malloc(size);
    int problem;

    if (line == NULL)
        return report_failure(app, C2D_OS, NULL, "out of memory");
    memcpy(line, text, size - 1);
    line[size - 1] = '\n';
    if (app->line != NULL && isatty(STDOUT_FILENO))
        status_line_hide(app->line); /* most likely on the same terminal */
    problem = output_write(STDOUT_FILENO, line, size) == size ? 0 : errno;
    line[size - 1] = '\0';
    wipe_free(line); /* it may hold a token */
    if (problem == EINTR)
        return C2D_CANCELLED;
    return problem == 0 ? C2D_OK
                        : report_failure(app, STATUS_IO, NULL, "stdout: %s", strerror(problem));
}
