/* Scans the members of the outermost object and stops at the first syntax error. */
#include "batch_line.h"

#include "../common/json_in.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at != '\0'
           && strchr(" \t\r\n", *cursor->at) != NULL)
        cursor->at++;
}

static bool take(struct cursor *cursor, char byte)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

/* Returns the size of the string at the cursor, quotes included, or 0 if none is there. */
static size_t take_string(struct cursor *cursor, const char **start)
{
    skip_blanks(cursor);
    *start = cursor->at;
    if (!take(cursor, '"'))
        return 0;
    while (cursor->at < cursor->end && *cursor->at != '"')
        cursor->at += *cursor->at == '\\' && cursor->at + 1 < cursor->end ? 2 : 1;
    return take(cursor, '"') ? (size_t)(cursor->at - *start) : 0;
}

/* Skips a value other than a string. Returns false if it has no end. */
static bool skip_value(struct cursor *cursor)
{
    const char *string;
    int depth = 0;

    for (; cursor->at < cursor->end; cursor->at++) {
        switch (*cursor->at) {
        case '"':
            if (take_string(cursor, &string) == 0)
                return false;
            cursor->at--;
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth-- == 0)
                return true;
            break;
        case ',':
            if (depth == 0)
                return true;
            break;
        }
    }
    return false;
}

/* Decodes a JSON string, quotes included. The caller frees the text. NULL: out of memory. */
static char *unescape(const char *string, size_t size)
{
    char *copy = strndup(string, size), *text = copy == NULL ? NULL : json_in_text(copy, NULL);

    free(copy);
    return text;
}

char *batch_line_text(const char *line, size_t size, const char *key)
{
    struct cursor cursor = { line, line + size };
    size_t key_size = strlen(key);

    if (!take(&cursor, '{'))
        return NULL;
    do {
        const char *name, *value;
        size_t name_size = take_string(&cursor, &name), value_size;

        if (name_size == 0 || !take(&cursor, ':'))
            return NULL;
        value_size = take_string(&cursor, &value);
        if (value_size > 0 && name_size == key_size + 2 && memcmp(name + 1, key, key_size) == 0)
            return unescape(value, value_size);
        if (value_size == 0 && !skip_value(&cursor))
            return NULL;
    } while (take(&cursor, ','));
    return NULL;
}
