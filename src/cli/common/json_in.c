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

    errno = 0; /* only errno separates out of memory from invalid JSON */
    root = cJSON_Parse(line);
    text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
    copy = text == NULL ? NULL : strdup(text);
    cJSON_Delete(root);
    return copy;
}
