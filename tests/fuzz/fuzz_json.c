/* Input: any text. It is read as JSON, and written as a string of JSON, as a word of a shell and as
 * printable text. */
#include "base/json_write.h"
#include "base/text.h"
#include "check.h"
#include "hub/json_read.h"
#include "hub/json_scan.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* A value survives printing, and printing it again changes nothing. */
static void check_print(const struct cJSON *root)
{
    char *first = json_print(root), *second;
    struct cJSON *copy;
    struct buf line = { 0 };

    CHECK(first != NULL);
    CHECK(json_parse(first, strlen(first), &copy, NULL) == C2D_OK);
    second = json_print(copy);
    CHECK(strcmp(first, second) == 0);
    json_append_json(&line, first);
    check_json(line.data);
    buf_clear(&line);
    json_wipe_free(copy);
    free(second);
    free(first);
}

/* No member of that name remains. */
static void check_mask(struct cJSON *root)
{
    char *text;

    CHECK(json_mask_member(root, "authentication", "***"));
    text = json_print(json_member(root, "authentication"));
    CHECK(text == NULL || strcmp(text, "\"***\"") == 0);
    free(text);
}

static void check_quoted(const char *text, size_t size)
{
    char *quoted = json_quoted(text, size);
    struct cJSON *root;

    check_line(quoted);
    if (memchr(text, '\0', size) == NULL) {
        check_json(quoted);
        CHECK(json_parse(quoted, strlen(quoted), &root, NULL) == C2D_OK);
        CHECK(!utf8_valid(text, size) || strcmp(json_as_text(root), text) == 0);
        json_free(root);
    }
    free(quoted);
}

static void check_printable(const char *text, size_t size)
{
    char *printable = text_printable(text, size);

    check_line(printable);
    free(printable);
}

/* A shell reads the word as text. */
static void check_shell_word(const char *text)
{
    char *word = text_shell_word(text);
    bool is_quoted = false;

    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            is_quoted = !is_quoted;
            continue;
        }
        if (*at == '\\' && !is_quoted)
            at++;
        else
            CHECK(is_quoted || byte_is_alnum((unsigned char)*at)
                  || strchr("%+,-./:=@_", *at) != NULL);
        CHECK(*at == *text++);
    }
    CHECK(*text == '\0' && !is_quoted);
    free(word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    size_t text_size = strlen(text);
    struct cJSON *root;
    struct c2d_error error = { 0 };
    bool is_valid = json_is_valid(text, text_size);

    CHECK((json_parse(text, text_size, &root, &error) == C2D_OK) == is_valid);
    if (is_valid) {
        check_print(root);
        if (json_is_object(root))
            check_mask(root);
    } else {
        CHECK(root == NULL);
        check_error(&error);
    }
    json_free(root);
    check_shell_word(text);
    free(text);
    text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_quoted(text, size);
    check_printable(text, size);
    free(text);
    return 0;
}
