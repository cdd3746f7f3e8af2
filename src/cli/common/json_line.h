/* Composes one JSON object on one line, for results and reports. */
#ifndef JSON_LINE_H
#define JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct json_line {
    char *text;
    size_t size, capacity;
    bool failed; /* memory is gone */
};

void json_begin(struct json_line *line);                                    /* begins with "v":1 */
void json_text(struct json_line *line, const char *key, const char *value); /* NULL: left out */
void json_raw(struct json_line *line, const char *key, const char *json);   /* NULL: left out */
void json_number(struct json_line *line, const char *key, long long value);
void json_bool(struct json_line *line, const char *key, bool value);
/* The text without newline, the caller's to free(); NULL when memory was gone. */
char *json_end(struct json_line *line);

#endif
