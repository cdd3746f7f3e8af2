/* The programs' own JSON, built in memory and printed by others. Once memory is gone, all calls do
 * nothing and the end is NULL: never half a line. A stdio stream would do the same for four times
 * the instructions, and a batch prints a line for each message. */
#include "json_line.h"

#include "c2d.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not by realloc(), which may leave a copy behind: a line may hold a token. */
static bool grow(struct json_line *line, size_t needed)
{
    size_t capacity = line->capacity == 0 ? 256 : line->capacity * 2;
    char *longer;

    if (capacity < needed)
        capacity = needed;
    longer = malloc(capacity);
    if (longer == NULL) {
        line->failed = true;
        return false;
    }
    if (line->text != NULL)
        memcpy(longer, line->text, line->size + 1);
    secret_free(line->text);
    line->text = longer;
    line->capacity = capacity;
    return true;
}

static void append(struct json_line *line, const char *text)
{
    size_t size = strlen(text);

    /* The 1 is for the NUL. */
    if (line->failed
        || (line->capacity - line->size < size + 1 && !grow(line, line->size + size + 1)))
        return;
    memcpy(line->text + line->size, text, size + 1);
    line->size += size;
}

void json_begin(struct json_line *line)
{
    *line = (struct json_line) { 0 };
    append(line, "{\"v\":1");
}

void json_raw(struct json_line *line, const char *key, const char *json)
{
    if (json == NULL)
        return;
    /* Keys need no escapes: they are literals of ours. */
    append(line, ",\"");
    append(line, key);
    append(line, "\":");
    append(line, json);
}

void json_text(struct json_line *line, const char *key, const char *value)
{
    char *quoted;

    if (value == NULL)
        return;
    quoted = c2d_json_quote(value, strlen(value));
    json_raw(line, key, quoted);
    line->failed = line->failed || quoted == NULL;
    secret_free(quoted);
}

void json_number(struct json_line *line, const char *key, long long value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", value);
    json_raw(line, key, text);
}

void json_bool(struct json_line *line, const char *key, bool value)
{
    json_raw(line, key, value ? "true" : "false");
}

char *json_end(struct json_line *line)
{
    char *text;

    append(line, "}");
    text = line->text;
    if (line->failed) {
        secret_free(text);
        text = NULL;
    }
    *line = (struct json_line) { 0 };
    return text;
}
