#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "hub.h"

/* Is target one of /_sim? */
bool control_is_target(const char *target);
/* Serves a request to /_sim, which only a loopback peer may make. */
void control_handle(struct hub *hub, const struct http_peer *peer,
                    const struct http_request *request, struct http_response *response);

#endif
