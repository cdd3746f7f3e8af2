/* A request and its response while the hub handles it. */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "http.h"
#include "hub.h"

/* A device call is one that needs DEVICE_CONNECT. */
struct call {
    uint64_t connection; /* serial number, from 1 */
    bool is_loopback;
    const struct ssl_st *ssl;
    char sha1[41]; /* see tls_thumbprints() */
    char sha256[65];
    struct http_request request;
    struct http_response response;

    struct hub *hub; /* this and the following are set by route_call() */
    int64_t now_ms;
    char device_id[129]; /* "": none */
    char token[129];     /* lock token; "": none */
    char api_version[32];
    enum permission permission; /* required; 0: no route */
    enum outcome outcome;       /* of a settlement */
    struct device *device;      /* NULL: no device_id, or no such device */
    const char *shape; /* of an error: text, nested, object, empty, html; NULL: the usual */
    bool effect;       /* the operation was performed */
};

/* The length of the log for /_sim: the oldest requests are dropped. */
enum { CALL_LOG_MAX = 1000 };

/* Is there a query member of that name, with any value or none? */
bool query_has(const char *target, const char *name);
/* Copies the decoded value of a query member to value; false if the member is not there or its
 * value is broken or too long. A member without = is "". */
bool query_value(const char *target, const char *name, char *value, size_t size);
/* Makes tree the body of the response, and deletes it. */
void call_add_json(struct call *call, cJSON *tree);

#endif
