/* Input: what happens to a file while its lines are read: "a", a size and bytes: they are appended;
 * "c": it is emptied; "u" and a size: it is cut; "r": it is renamed and a new one created. */
#define _GNU_SOURCE /* memrchr */
#include "base/buf.h"
#include "check.h"
#include "cli/c2d-http/tail.h"
#include "cli/common/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the reader should return: the lines of contents from `at` on. */
struct model {
    int fd;
    char path[300], old_path[300];
    struct buf contents;
    size_t first, at; /* the end of the file when it was opened; the end of the last line read */
};

struct steps {
    const uint8_t *at, *end;
};

static size_t take_byte(struct steps *steps)
{
    return steps->at < steps->end ? *steps->at++ : 0;
}

static void create(struct model *model)
{
    model->fd = open(model->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    CHECK(model->fd >= 0);
    buf_clear(&model->contents);
    model->first = model->at = 0;
}

static void append(struct model *model, struct steps *steps)
{
    size_t size = take_byte(steps), left = (size_t)(steps->end - steps->at);

    size = size < left ? size : left;
    CHECK(write(model->fd, steps->at, size) == (ssize_t)size);
    buf_append(&model->contents, steps->at, size);
    steps->at += size;
}

/* Reading restarts at the first offset if a line that was read is cut, and at 0 if that is cut. */
static void cut(struct model *model, size_t size)
{
    if (size >= model->contents.size)
        return;
    CHECK(ftruncate(model->fd, (off_t)size) == 0);
    model->contents.size = size;
    if (size < model->first)
        model->first = 0;
    if (size < model->at)
        model->at = model->first;
}

static void rotate(struct model *model)
{
    CHECK(rename(model->path, model->old_path) == 0);
    close(model->fd);
    create(model);
}

/* Reads all lines, and compares each with the model. */
static void check_lines(struct model *model, struct tail *tail)
{
    const char *line;

    while ((line = tail_next(tail)) != NULL) {
        const char *wanted = model->contents.data + model->at;
        const char *newline = model->at >= model->contents.size
                                  ? NULL
                                  : memchr(wanted, '\n', model->contents.size - model->at);

        CHECK(newline != NULL && memcmp(line, wanted, (size_t)(newline - wanted)) == 0);
        CHECK(line[newline - wanted] == '\0');
        model->at += (size_t)(newline - wanted) + 1;
    }
    CHECK(errno == 0);
    CHECK(model->at == model->contents.size
          || memchr(model->contents.data + model->at, '\n', model->contents.size - model->at)
                 == NULL);
}

static void do_step(struct model *model, struct steps *steps)
{
    switch (take_byte(steps)) {
    case 'a':
        append(model, steps);
        break;
    case 'c':
        cut(model, 0);
        break;
    case 'u':
        cut(model, take_byte(steps));
        break;
    case 'r':
        rotate(model);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    struct steps steps = { data, data + size };
    struct tail tail;

    snprintf(model.path, sizeof model.path, "%s/file", temporary_folder());
    snprintf(model.old_path, sizeof model.old_path, "%s/file.1", temporary_folder());
    create(&model);
    append(&model, &steps);
    CHECK(tail_open(&tail, model.path));
    model.first = model.at = (size_t)sink_file_end(model.fd);
    check_lines(&model, &tail);
    while (steps.at < steps.end) {
        do_step(&model, &steps);
        check_lines(&model, &tail);
    }
    tail_close(&tail);
    close(model.fd);
    (void)unlink(model.path);
    buf_clear(&model.contents);
    return 0;
}
