#include "batch_input.h"

#include "../common/encoding.h"
#include "../common/input.h"
#include "../common/signals.h"
#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = BATCH_LINE_MAX + 65536, MARK_MAX = 3 };

enum c2d_status batch_input_open(struct batch_input *input, const char *path,
                                 struct c2d_error *error)
{
    struct stat file = { 0 };

    *input = (struct batch_input) { .name = strcmp(path, "-") == 0 ? "stdin" : path };
    if (input_open(path, &input->fd) == C2D_CANCELLED)
        return C2D_CANCELLED;
    if (input->fd < 0 || fstat(input->fd, &file) != 0)
        return fail(error, STATUS_NO_INPUT, "'%s': %s", path, strerror(errno));
    if (S_ISDIR(file.st_mode))
        return fail(error, STATUS_NO_INPUT, "'%s': %s", path, strerror(EISDIR));
    input->is_file = S_ISREG(file.st_mode);
    input->size = input->is_file ? file.st_size : 0;
    input->data = malloc(ROOM);
    if (input->data == NULL)
        return fail_memory(error);
    return C2D_OK;
}

void batch_input_close(struct batch_input *input)
{
    input_close(input->fd);
    free(input->data);
    *input = (struct batch_input) { .fd = -1 };
}

/* Returns BATCH_LINE after it has read more data or reached the end. */
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

/* Returns the offset of the first non-blank byte, or size. */
static size_t skip_blanks(const char *text, size_t at, size_t size)
{
    while (at < size && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
        at++;
    return at;
}

/* Checks the first bytes of the input. Skips a byte order mark, as Windows programs write it.
 * Refuses UTF-16 and JSON arrays, for which the error of each line would be misleading. Returns
 * BATCH_NOT_YET if it needs more bytes. */
static enum batch_next check_start(struct batch_input *input)
{
    const char *text = input->data;
    size_t mark = encoding_mark(text, input->end);
    size_t first = skip_blanks(text, mark, input->end);

    if (!input->ended && (input->end < MARK_MAX || (first == input->end && first < BATCH_LINE_MAX)))
        return BATCH_NOT_YET;
    input->is_checked = true;
    input->start = mark;
    input->consumed = (int64_t)input->start;
    if (encoding_is_utf16(text, input->end)) {
        input->problem = "is UTF-16 text, and must be UTF-8";
        input->hint = "convert it: iconv -f UTF-16 -t UTF-8 FILE | c2d-http send --batch -";
        return BATCH_REFUSED;
    }
    if (first < input->end && text[first] == '[') {
        input->problem = "holds a JSON array, and must hold one JSON object in each line";
        input->hint = "convert it: jq -c '.[]' FILE | c2d-http send --batch -";
        return BATCH_REFUSED;
    }
    return BATCH_LINE;
}

/* Returns the size of the next line, including its newline; the last line may have none. 0: the
 * line is not complete yet. */
static size_t whole_line(const struct batch_input *input)
{
    const char *start = input->data + input->start;
    size_t left = input->end - input->start;
    const char *newline = left == 0 ? NULL : memchr(start, '\n', left);

    if (newline != NULL)
        return (size_t)(newline - start) + 1;
    return input->ended ? left : 0;
}

static enum batch_next next_line(struct batch_input *input, bool waits, const char **text,
                                 size_t *size)
{
    for (;;) {
        size_t whole = whole_line(input);
        bool was_too_long = input->too_long;

        if (whole == 0 && input->ended)
            return BATCH_END;
        if (whole == 0) {
            enum batch_next next;

            /* Only the head of an overlong line is kept, for the ids in it. */
            if (!input->too_long && input->end - input->start > BATCH_LINE_MAX) {
                memcpy(input->head, input->data + input->start, sizeof input->head);
                input->too_long = true;
            }
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
                *text = input->head;
                *size = sizeof input->head;
                return BATCH_TOO_LONG;
            }
            continue;
        }
        *text = was_too_long ? input->head : input->data + input->start;
        *size = was_too_long ? sizeof input->head : whole;
        input->start += whole;
        input->consumed += (int64_t)whole;
        input->line++;
        input->too_long = false;
        if (was_too_long || whole > BATCH_LINE_MAX + 1)
            return BATCH_TOO_LONG;
        if (skip_blanks(*text, 0, whole) == whole)
            continue;
        while (*size > 0 && ((*text)[*size - 1] == '\n' || (*text)[*size - 1] == '\r'))
            --*size;
        return BATCH_LINE;
    }
}

enum batch_next batch_input_next(struct batch_input *input, bool waits, const char **text,
                                 size_t *size)
{
    while (!input->is_checked) {
        enum batch_next next = check_start(input);

        if (next == BATCH_NOT_YET)
            next = read_more(input, waits);
        if (next != BATCH_LINE)
            return next;
    }
    return next_line(input, waits, text, size);
}
