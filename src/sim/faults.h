/* The faults that a test has requested: they change responses and connections. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "json.h"

struct call;
struct hub;

/* The members of a fault's definition. */
extern const struct json_rule fault_rules[];
/* Adds the fault that definition describes. Returns its number; 0 if definition is invalid: error
 * then says why. */
int fault_add(struct hub *hub, const cJSON *definition, char error[static JSON_ERROR_SIZE]);
/* Returns the definition of the first fault that applies to this request, and counts its use. NULL:
 * none applies. */
const cJSON *fault_match(struct hub *hub, const char *operation, const char *device_id);
/* Returns true if the fault replaces the operation. The response is then its error. */
bool fault_respond(const cJSON *fault, struct call *call);
/* Changes and completes the response, which then borrows texts from fault. */
void fault_apply(const cJSON *fault, struct call *call);

#endif
