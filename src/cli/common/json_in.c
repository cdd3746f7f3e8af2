#include "json_in.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

char *json_in_text(const char *line, const char *key)
{
    cJSON *root = cJSON_Parse(line);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
    char *copy = text == NULL ? NULL : strdup(text);

    cJSON_Delete(root);
    return copy;
}
