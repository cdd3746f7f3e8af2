/* Input: a byte, then the contents of a file that -o appends to. The byte chooses whether the file
 * ends with a record that was cut off. */
#define _GNU_SOURCE /* memfd_create, memrchr */
#include "base/json_write.h"
#include "check.h"
#include "cli/common/sink_file.h"
#include "program.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char record[] = "{\"v\":1,\"line\":7}\n";

static struct buf contents_of(int fd)
{
    struct buf contents = { 0 };
    off_t size = lseek(fd, 0, SEEK_END);
    char *room = buf_reserve(&contents, (size_t)size);

    CHECK(room != NULL && pread(fd, room, (size_t)size, 0) == size);
    contents.size = (size_t)size;
    return contents;
}

static size_t last_line_of(const struct buf *contents)
{
    const char *newline =
        contents->size == 0 ? NULL : memrchr(contents->data, '\n', contents->size);

    return newline == NULL ? 0 : (size_t)(newline - contents->data) + 1;
}

/* What may be cut off: the beginning of a record, never a whole one. */
static void check_torn(const char *line, size_t size)
{
    static const char start[] = "{\"v\":1,";
    size_t common = size < strlen(start) ? size : strlen(start);
    cJSON *tree = cJSON_ParseWithLength(line, size);

    CHECK(size > 0 && memcmp(line, start, common) == 0);
    CHECK(tree == NULL || memchr(line, '\0', size) != NULL);
    cJSON_Delete(tree);
}

/* Appends a record to a file with these contents. must_cut: its last line is a torn record. */
static void check_put(int fd, const struct buf *before, bool must_cut)
{
    const struct sink sink = { &program_app, "file", true, SINK_SHARED, fd, SINK_FILE };
    size_t start = last_line_of(before), kept = before->size;
    struct buf after;
    off_t end;

    CHECK(ftruncate(fd, 0) == 0 && write(fd, before->data, before->size) == (ssize_t)before->size);
    end = sink_file_end(fd);
    CHECK(end == (off_t)before->size || end == (off_t)start);
    CHECK(sink_file_put(&sink, record, strlen(record), INT64_MAX));
    after = contents_of(fd);
    CHECK(after.size >= strlen(record));
    CHECK(memcmp(after.data + after.size - strlen(record), record, strlen(record)) == 0);
    if (end < (off_t)before->size) {
        kept = start;
        check_torn(before->data + start, before->size - start);
    }
    CHECK(!must_cut || kept == start);
    CHECK(memcmp(after.data, before->data, kept) == 0);
    /* A line that lacked only its newline has one now. */
    CHECK(after.size == kept + strlen(record) + (kept > start));
    CHECK(kept == start || after.data[kept] == '\n');
    buf_clear(&after);
}

/* Appends a record with this text, cut off after a number of bytes that the text decides. */
static void append_torn(struct buf *contents, const uint8_t *data, size_t size)
{
    struct buf line;
    size_t cut = 0;

    json_begin(&line);
    json_append_key(&line, "text");
    json_append_quoted(&line, data, size);
    buf_text(&line, "}");
    for (size_t i = 0; i < size; i++)
        cut += data[i];
    buf_text(contents, "some line\n");
    buf_append(contents, line.data, 1 + cut % (line.size - 1));
    buf_clear(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct buf contents = { 0 };
    bool is_torn = size > 0 && data[0] % 2 == 1;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        CHECK(fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0);
    }
    if (size == 0)
        return 0;
    if (is_torn)
        append_torn(&contents, data + 1, size - 1);
    else
        buf_append(&contents, data + 1, size - 1);
    check_put(fd, &contents, is_torn);
    buf_clear(&contents);
    return 0;
}
