#include "json_in.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cJSON *json_in_parse(const char *line)
{
    errno = 0; /* only errno separates out of memory from invalid JSON */
    return cJSON_Parse(line);
}

const char *json_in_member(const struct cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

void json_in_free(struct cJSON *object)
{
    cJSON_Delete(object);
}

char *json_in_text(const char *line, const char *key)
{
    cJSON *object = json_in_parse(line);
    const char *text = key != NULL ? json_in_member(object, key) : cJSON_GetStringValue(object);
    char *copy = text == NULL ? NULL : strdup(text);

    cJSON_Delete(object);
    return copy;
}
