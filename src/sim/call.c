/* Reads the query of a request and writes JSON to its response. */
#include "call.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

/* The text of a query member, up to the next one, undecoded; NULL if the member is not there. */
static const char *find_member(const char *target, const char *name, size_t *size)
{
    const char *member = strchr(target, '?');
    size_t name_size = strlen(name);

    while (member != NULL && *member != '\0') {
        size_t member_size = strcspn(++member, "&");

        if (text_begins_nocase(member, name) && strchr("=&", member[name_size]) != NULL) {
            size_t skip = name_size + (member[name_size] == '=');

            *size = member_size - skip;
            return member + skip;
        }
        member += member_size;
    }
    return NULL;
}

bool query_has(const char *target, const char *name)
{
    size_t member_size;

    return find_member(target, name, &member_size) != NULL;
}

bool query_value(const char *target, const char *name, char *value, size_t size)
{
    size_t member_size;
    const char *member = find_member(target, name, &member_size);

    if (member == NULL)
        return false;
    (void)snprintf(value, size, "%.*s", (int)member_size, member);
    return member_size < size && text_percent_decode(value);
}

void call_add_json(struct call *call, cJSON *tree)
{
    http_response_header(&call->response, "Content-Type", "application/json; charset=utf-8");
    json_write(call->response.body, tree);
}
