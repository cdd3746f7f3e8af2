#include "json_in.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *json_in_text(const char *line, const char *key)
{
    cJSON *root;
    const char *text;
    char *copy;

    errno = 0; /* what malloc() sets is all that tells lost memory from a line that is no JSON */
    root = cJSON_Parse(line);
    text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
    copy = text == NULL ? NULL : strdup(text);
    cJSON_Delete(root);
    return copy;
}
