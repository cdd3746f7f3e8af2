/* The programs' own JSON, built in memory and printed by others. Once memory is gone, all calls do
 * nothing and the end is NULL: never half a line. */
#include "json_line.h"

#include "c2d.h"

#include <stdlib.h>
#include <string.h>

static void give_up(struct json_line *line)
{
    if (line->stream != NULL)
        fclose(line->stream);
    free(line->text);
    *line = (struct json_line) { 0 };
}

void json_begin(struct json_line *line)
{
    *line = (struct json_line) { 0 };
    line->stream = open_memstream(&line->text, &line->size);
    if (line->stream != NULL)
        fputs("{\"v\":1", line->stream);
}

void json_text(struct json_line *line, const char *key, const char *value)
{
    char *quoted;

    if (line->stream == NULL || value == NULL)
        return;
    /* Keys need none of it: they are literals of ours. */
    quoted = c2d_json_quote(value, strlen(value));
    if (quoted == NULL)
        give_up(line);
    else
        fprintf(line->stream, ",\"%s\":%s", key, quoted);
    free(quoted);
}

void json_raw(struct json_line *line, const char *key, const char *json)
{
    if (line->stream != NULL && json != NULL)
        fprintf(line->stream, ",\"%s\":%s", key, json);
}

void json_number(struct json_line *line, const char *key, long long value)
{
    if (line->stream != NULL)
        fprintf(line->stream, ",\"%s\":%lld", key, value);
}

void json_bool(struct json_line *line, const char *key, bool value)
{
    if (line->stream != NULL)
        fprintf(line->stream, ",\"%s\":%s", key, value ? "true" : "false");
}

char *json_end(struct json_line *line)
{
    char *text;
    bool failed;

    if (line->stream == NULL)
        return NULL;
    fputs("}", line->stream);
    failed = ferror(line->stream) != 0;
    /* text and size are only good behind it. */
    failed = fclose(line->stream) != 0 || failed;
    line->stream = NULL;
    text = line->text;
    line->text = NULL;
    if (!failed)
        return text;
    free(text);
    return NULL;
}
