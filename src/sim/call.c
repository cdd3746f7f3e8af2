/* Reads the query of a request and writes JSON to its response. */
#include "call.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

bool query_value(const char *target, const char *name, char *value, size_t size)
{
    const char *member = strchr(target, '?');
    size_t name_size = strlen(name);

    while (member != NULL && *member != '\0') {
        size_t member_size = strcspn(++member, "&");

        if (text_begins_nocase(member, name) && strchr("=&", member[name_size]) != NULL) {
            size_t skip = name_size + (member[name_size] == '=');

            (void)snprintf(value, size, "%.*s", (int)(member_size - skip), member + skip);
            return member_size - skip < size && text_percent_decode(value);
        }
        member += member_size;
    }
    return false;
}

void call_add_json(struct call *call, cJSON *tree)
{
    http_response_header(&call->response, "Content-Type", "application/json; charset=utf-8");
    json_write(call->response.body, tree);
}
