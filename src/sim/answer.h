#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "http.h"

/* The two live shapes of a hub's error body, and two that are not the hub's. */
enum shape { SHAPE_DEFAULT, SHAPE_TEXT, SHAPE_NESTED, SHAPE_EMPTY, SHAPE_HTML, SHAPE_COUNT };

enum hub_error {
    ERROR_PROTOCOL_VERSION,
    ERROR_ARGUMENT,
    ERROR_FORMAT,
    ERROR_UNAUTHORIZED_ACCESS,
    ERROR_UNAUTHORIZED,
    ERROR_QUEUE_DEPTH,
    ERROR_EXPIRY,
    ERROR_DEVICE_DISABLED,
    ERROR_DEVICE_NOT_FOUND,
    ERROR_LOCK_LOST,
    ERROR_TOO_LARGE,
    ERROR_THROTTLING,
    ERROR_SERVER,
};

/* What an error answer says. */
struct answer {
    int status;
    int number;       /* 404001; 0: none */
    const char *name; /* DeviceNotFound; NULL: the hub's code is left out */
    const char *text;
};

/* Makes response the hub's answer to an error. SHAPE_DEFAULT is text for a 401, else nested. */
void answer_error(struct http_response *response, enum hub_error error, enum shape shape,
                  int64_t now_ms);
/* The same for an error of the caller's making. */
void answer_custom(struct http_response *response, const struct answer *answer, enum shape shape,
                   int64_t now_ms);
/* Makes response a page that is no hub's. */
void answer_html(struct http_response *response, int status);
/* "text", "nested", "empty" or "html"; false if it is none of these. */
bool answer_shape_parse(const char *name, enum shape *shape);

#endif
