/* Reads stdin and files. A signal ends the wait for a slow writer. */
#define _GNU_SOURCE /* fopencookie */
#include "input.h"

#include "exit_status.h"
#include "ready.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum c2d_status input_open(const char *path, int *fd)
{
    *fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd >= 0)
        return C2D_OK;
    return errno == EINTR && signals_caught() != 0 ? C2D_CANCELLED : STATUS_NO_INPUT;
}

void input_close(int fd)
{
    if (fd > STDIN_FILENO)
        close(fd);
}

/* Like read(2) on a blocking descriptor, but interrupted only by the handled signals. */
static ssize_t read_some(int fd, char *data, size_t size)
{
    for (;;) {
        ssize_t got = read(fd, data, size);

        /* Their handler has no SA_RESTART, so a blocked read(2) returns. */
        if (signals_caught() != 0) {
            errno = EINTR;
            return -1;
        }
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)
            || (errno == EAGAIN && !ready_await(fd, POLLIN)))
            return got;
    }
}

enum c2d_status input_read(int fd, char *data, size_t size, size_t *count)
{
    *count = 0;
    while (*count < size) {
        ssize_t got = read_some(fd, data + *count, size - *count);

        if (got < 0)
            return signals_caught() != 0 ? C2D_CANCELLED : STATUS_NO_INPUT;
        if (got == 0)
            break;
        *count += (size_t)got;
    }
    return C2D_OK;
}

static ssize_t read_stdin(void *cookie, char *data, size_t size)
{
    (void)cookie;
    return read_some(STDIN_FILENO, data, size);
}

FILE *input_lines(void)
{
    return fopencookie(NULL, "r", (cookie_io_functions_t) { .read = read_stdin });
}
