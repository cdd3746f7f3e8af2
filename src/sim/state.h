#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "hub.h"

/* Appends the hub's state as JSON. device_id NULL: of all devices. */
void state_format(struct hub *hub, const char *device_id, bool with_log, struct buf *out);

#endif
