#define _GNU_SOURCE /* memmem, nftw */
#include "check.h"

#include "base/text.h"
#include "hub/json_scan.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: violated: %s\n", file, line, condition);
    abort();
}

/* ---- Inputs ---- */

char *input_replace(const void *data, size_t size, const char *word, const char *replacement,
                    size_t *new_size)
{
    const char *at = data, *end = at + size, *found;
    struct buf text = { 0 };
    char *exact;

    while ((found = memmem(at, (size_t)(end - at), word, strlen(word))) != NULL) {
        buf_append(&text, at, (size_t)(found - at));
        buf_text(&text, replacement);
        at = found + strlen(word);
    }
    buf_append(&text, at, (size_t)(end - at));
    exact = malloc(text.size + 1);
    CHECK(!text.failed && exact != NULL);
    memcpy(exact, text.data, text.size + 1);
    *new_size = text.size;
    buf_clear(&text);
    return exact;
}

char *input_text(const uint8_t *data, size_t size)
{
    size_t new_size;

    return input_replace(data, size, "KEY", CANARY, &new_size);
}

/* ---- Outputs ---- */

void check_line(const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    unsigned code = 0;

    while (at < end) {
        size_t length = utf8_sequence(at, (size_t)(end - at), &code);

        CHECK(length > 0);
        CHECK(byte_is_plain(*at) || utf8_is_harmless(code));
        at += length;
    }
}

void check_json(const char *json)
{
    cJSON *tree;

    CHECK(json != NULL);
    check_line(json);
    CHECK(json_is_valid(json, strlen(json)));
    tree = cJSON_ParseWithOpts(json, NULL, true);
    CHECK(tree != NULL);
    cJSON_Delete(tree);
}

void check_no_canary(const char *text)
{
    CHECK(strstr(text, CANARY_START) == NULL);
}

void check_error(const struct c2d_error *error)
{
    const char *const texts[] = { error->text, error->hint, error->message_id,
                                  error->unreadable_sequence_number };

    CHECK(error->status != C2D_OK);
    CHECK(*error->text != '\0');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_line(texts[i]);
        check_no_canary(texts[i]);
    }
}

/* ---- Files ---- */

static char folder[200];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *temporary_folder(void)
{
    const char *parent = getenv("TMPDIR");

    if (*folder != '\0')
        return folder;
    snprintf(folder, sizeof folder, "%s/c2d-fuzz-XXXXXX", parent != NULL ? parent : "/tmp");
    CHECK(mkdtemp(folder) != NULL);
    CHECK(atexit(remove_folder) == 0);
    return folder;
}

void write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

char *read_file(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *data;

    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    *size = (size_t)status.st_size;
    data = malloc(*size + 1);
    CHECK(data != NULL && read(fd, data, *size) == (ssize_t)*size);
    data[*size] = '\0';
    close(fd);
    return data;
}
