/* The control interface /_sim, with which a test inspects and changes the hub. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "json.h"

struct call;
struct hub;

/* Handles a request to /_sim/…, which only a loopback peer may make. */
void control_handle(struct hub *hub, struct call *call);

/* One control command: its arguments, and its reply or error. */
struct control {
    struct hub *hub;
    const char *target;     /* of the request; the arguments of a GET are its query */
    const cJSON *arguments; /* an object */
    cJSON *reply;           /* an object */
    char error[JSON_ERROR_SIZE];
};

/* Sets the error of a command. Returns false. */
bool control_fail(struct control *control, const char *error);
/* The commands that have their own files. False with error set. */
bool control_get_state(struct control *control);
bool control_make_devices(struct control *control);
bool control_add_authorities(struct control *control);
bool control_make_token(struct control *control);
/* The members of an object in devices. */
extern const struct json_rule control_device_rules[];

#endif
