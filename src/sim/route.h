#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "http.h"

/* What a request asks of the hub. */
enum operation {
    OPERATION_SEND,
    OPERATION_RECEIVE,
    OPERATION_COMPLETE,
    OPERATION_REJECT,
    OPERATION_ABANDON,
    OPERATION_FEEDBACK,
    OPERATION_FEEDBACK_COMPLETE,
    OPERATION_FEEDBACK_ABANDON,
    OPERATION_PURGE,
    OPERATION_STATUS,
    OPERATION_COUNT,
    OPERATION_NONE = OPERATION_COUNT, /* no such path, or not with this method */
    OPERATION_ANY,                    /* in a fault: every one of the above */
};

struct route {
    enum operation operation;
    int problem;         /* OPERATION_NONE: 400, 404 or 405 */
    char device_id[129]; /* "": none */
    char token[129];     /* of a lock; "": none */
    char api_version[32];
};

/* Reads the target and, for the older form of send, the header iothub-to. */
void route_parse(struct route *route, const struct http_request *request);
/* Copies the decoded value of a query member to value, which holds size bytes; false if the
 * member is not there or its value is broken or too long. A member without = is "". */
bool route_query(const char *target, const char *name, char *value, size_t size);

/* The name in /_sim; "none" for OPERATION_NONE. */
const char *operation_name(enum operation operation);
/* False if there is no operation of that name. */
bool operation_parse(const char *name, enum operation *operation);

#endif
