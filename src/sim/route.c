/* route: from method, path and query to the operation, the device and the lock token. */
#include "route.h"

#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SEGMENTS_MAX = 6, SEGMENT_SIZE = 129 };

struct path {
    char segments[SEGMENTS_MAX][SEGMENT_SIZE];
    size_t count;
};

/* Segments of a path: d the device id, t a lock token, anything else itself without case. */
static const struct {
    const char *method;
    const char *segments[SEGMENTS_MAX];
    enum operation operation;
} routes[] = {
    { "POST", { "devices", "d", "messages", "deviceBound" }, OPERATION_SEND },
    { "POST", { "messages", "deviceBound" }, OPERATION_SEND },
    { "GET", { "devices", "d", "messages", "deviceBound" }, OPERATION_RECEIVE },
    { "DELETE", { "devices", "d", "messages", "deviceBound", "t" }, OPERATION_COMPLETE },
    { "POST", { "devices", "d", "messages", "deviceBound", "t", "abandon" }, OPERATION_ABANDON },
    { "GET", { "messages", "serviceBound", "feedback" }, OPERATION_FEEDBACK },
    { "DELETE", { "messages", "serviceBound", "feedback", "t" }, OPERATION_FEEDBACK_COMPLETE },
    { "POST",
      { "messages", "serviceBound", "feedback", "t", "abandon" },
      OPERATION_FEEDBACK_ABANDON },
    { "DELETE", { "devices", "d", "commands" }, OPERATION_PURGE },
    { "GET", { "devices", "d" }, OPERATION_STATUS },
};

static const char *const names[] = {
    "send",
    "receive",
    "complete",
    "reject",
    "abandon",
    "feedback",
    "feedbackComplete",
    "feedbackAbandon",
    "purge",
    "status",
    "none",
    "any",
};

const char *operation_name(enum operation operation)
{
    return names[operation];
}

bool operation_parse(const char *name, enum operation *operation)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *operation = (enum operation)i;
            return true;
        }
    }
    return false;
}

/* Copies size bytes of text to out, decoded; false if they are broken or too many. */
static bool copy_decoded(const char *text, size_t size, char *out, size_t out_size)
{
    if (size >= out_size)
        return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return text_percent_decode(out);
}

static bool split_path(const char *target, struct path *path)
{
    const char *end = target + strcspn(target, "?#");

    path->count = 0;
    while (target < end) {
        const char *start = target + 1; /* behind the slash */
        size_t size = strcspn(start, "/?#");

        if (path->count == SEGMENTS_MAX
            || !copy_decoded(start, size, path->segments[path->count++], SEGMENT_SIZE))
            return false;
        target = start + size;
    }
    return path->count > 0;
}

bool route_query(const char *target, const char *name, char *value, size_t size)
{
    const char *member = strchr(target, '?');
    size_t name_size = strlen(name);

    while (member != NULL && *member != '\0') {
        size_t member_size = strcspn(++member, "&");

        if (strncasecmp(member, name, name_size) == 0 && member_size >= name_size
            && strchr("=&", member[name_size]) != NULL) {
            size_t skip = name_size + (member[name_size] == '=');

            return copy_decoded(member + skip, member_size - skip, value, size);
        }
        member += member_size;
    }
    return false;
}

/* Does the path fit row i? Notes device id and token if it does. */
static bool matches(size_t i, const struct path *path, struct route *route)
{
    const char *device = "";
    const char *token = "";

    for (size_t s = 0; s < SEGMENTS_MAX; s++) {
        const char *pattern = routes[i].segments[s];

        if ((pattern == NULL) != (s >= path->count))
            return false;
        if (pattern == NULL)
            break;
        if (path->segments[s][0] == '\0')
            return false;
        if (strcmp(pattern, "d") == 0)
            device = path->segments[s];
        else if (strcmp(pattern, "t") == 0)
            token = path->segments[s];
        else if (strcasecmp(pattern, path->segments[s]) != 0)
            return false;
    }
    (void)snprintf(route->device_id, sizeof route->device_id, "%s", device);
    (void)snprintf(route->token, sizeof route->token, "%s", token);
    return true;
}

/* The older form of send names its device in a header. False if it does not. */
static bool read_addressee(struct route *route, const struct http_request *request)
{
    const char *to = http_request_header(request, "iothub-to");
    struct path path;

    if (to == NULL || *to != '/' || !split_path(to, &path) || path.count != 4
        || strcasecmp(path.segments[0], "devices") != 0
        || strcasecmp(path.segments[2], "messages") != 0
        || strcasecmp(path.segments[3], "deviceBound") != 0)
        return false;
    (void)snprintf(route->device_id, sizeof route->device_id, "%s", path.segments[1]);
    return true;
}

static void find_operation(struct route *route, const struct http_request *request,
                           const struct path *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!matches(i, path, route))
            continue;
        route->problem = 405;
        if (strcmp(routes[i].method, request->method) == 0) {
            route->operation = routes[i].operation;
            route->problem = 0;
            return;
        }
    }
}

void route_parse(struct route *route, const struct http_request *request)
{
    struct path path;
    char presence[2];

    *route = (struct route) { .operation = OPERATION_NONE, .problem = 404 };
    if (!split_path(request->target, &path)) {
        route->problem = 400;
        return;
    }
    find_operation(route, request, &path);
    if (!route_query(request->target, "api-version", route->api_version, sizeof route->api_version))
        route->api_version[0] = '\0';
    if (route->operation == OPERATION_COMPLETE
        && route_query(request->target, "reject", presence, sizeof presence))
        route->operation = OPERATION_REJECT;
    if (route->operation == OPERATION_SEND && route->device_id[0] == '\0'
        && !read_addressee(route, request)) {
        route->operation = OPERATION_NONE;
        route->problem = 400;
    }
}
