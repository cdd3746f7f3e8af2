/* control: /_sim, by which a test looks into the hub and changes it. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "json.h"

struct call;
struct hub;

/* Serves a request to /_sim/…, which only a loopback peer may make. */
void control_handle(struct hub *hub, struct call *call);

/* What a command works with: the JSON of the answer, or the reason why there is none. */
struct control {
    struct hub *hub;
    const char *target;     /* of the request; a GET's arguments are its query */
    const cJSON *arguments; /* an object */
    cJSON *reply;           /* an object */
    char error[JSON_ERROR_SIZE];
};

/* Notes why a command fails, and returns false. */
bool control_fail(struct control *control, const char *error);
/* Commands with a file of their own. False with the error noted. */
bool control_get_state(struct control *control);
bool control_make_devices(struct control *control);
bool control_add_authorities(struct control *control);
bool control_make_token(struct control *control);
/* Of an item of devices that is an object. */
extern const struct json_rule control_device_rules[];

#endif
