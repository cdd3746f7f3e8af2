#include "batch_input.h"

#include "../common/report.h"
#include "../common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = BATCH_LINE_MAX + 65536 };

enum c2d_status batch_input_open(struct batch_input *input, const struct app *app, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct stat file = { 0 };

    *input = (struct batch_input) {
        .name = is_stdin ? "stdin" : path,
        .fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY),
    };
    if (input->fd < 0 && errno == EINTR && signals_caught() != 0)
        return C2D_CANCELLED; /* a pipe that nobody has begun to write to */
    if (input->fd < 0 || fstat(input->fd, &file) != 0)
        return report_failure(app, C2D_NO_INPUT, NULL, "'%s': %s", path, strerror(errno));
    if (S_ISDIR(file.st_mode))
        return report_failure(app, C2D_NO_INPUT, NULL, "'%s': %s", path, strerror(EISDIR));
    input->is_file = S_ISREG(file.st_mode);
    input->size = input->is_file ? file.st_size : 0;
    input->data = malloc(ROOM);
    if (input->data == NULL)
        return report_failure(app, C2D_OS, NULL, "out of memory");
    return C2D_OK;
}

void batch_input_close(struct batch_input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    free(input->data);
    *input = (struct batch_input) { .fd = -1 };
}

/* BATCH_LINE when there is more, or the end was reached. */
static enum batch_next read_more(struct batch_input *input, bool waits)
{
    struct pollfd fds[2] = { { .fd = input->fd, .events = POLLIN },
                             { .fd = signals_fd(), .events = POLLIN } };
    ssize_t count;

    if (!input->is_file && poll(fds, 2, waits ? -1 : 0) < 0 && errno != EINTR)
        return BATCH_FAILED;
    if (!input->is_file && (signals_caught() != 0 || fds[0].revents == 0))
        return BATCH_NOT_YET;
    memmove(input->data, input->data + input->start, input->end - input->start);
    input->end -= input->start;
    input->start = 0;
    count = read(input->fd, input->data + input->end, ROOM - input->end);
    if (count < 0)
        return errno == EINTR || errno == EAGAIN ? BATCH_NOT_YET : BATCH_FAILED;
    input->end += (size_t)count;
    input->ended = count == 0;
    return BATCH_LINE;
}

/* The size of the next line with its newline; the last one may have none. 0: not whole yet. */
static size_t whole_line(const struct batch_input *input)
{
    const char *start = input->data + input->start;
    size_t left = input->end - input->start;
    const char *newline = left == 0 ? NULL : memchr(start, '\n', left);

    if (newline != NULL)
        return (size_t)(newline - start) + 1;
    return input->ended ? left : 0;
}

static bool is_empty(const char *text, size_t size)
{
    size_t i = 0;

    while (i < size && strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0')
        i++;
    return i == size;
}

enum batch_next batch_input_next(struct batch_input *input, bool waits, const char **text,
                                 size_t *size)
{
    for (;;) {
        size_t whole = whole_line(input);
        bool was_too_long = input->too_long;

        if (whole == 0 && input->ended)
            return BATCH_END;
        if (whole == 0) {
            enum batch_next next;

            /* What is too long is not kept while its end is looked for. */
            input->too_long = input->too_long || input->end - input->start > BATCH_LINE_MAX;
            if (input->too_long) {
                input->consumed += (int64_t)(input->end - input->start);
                input->start = input->end = 0;
            }
            next = read_more(input, waits);
            if (next != BATCH_LINE)
                return next;
            if (input->ended && input->too_long && input->start == input->end) {
                input->too_long = false;
                input->line++;
                return BATCH_TOO_LONG;
            }
            continue;
        }
        *text = input->data + input->start;
        input->start += whole;
        input->consumed += (int64_t)whole;
        input->line++;
        input->too_long = false;
        if (was_too_long || whole > BATCH_LINE_MAX + 1)
            return BATCH_TOO_LONG;
        if (is_empty(*text, whole))
            continue;
        *size = whole;
        while (*size > 0 && ((*text)[*size - 1] == '\n' || (*text)[*size - 1] == '\r'))
            --*size;
        return BATCH_LINE;
    }
}
