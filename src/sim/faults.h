/* faults: what a test wants to go wrong. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "json.h"

struct call;
struct hub;

/* The members of a definition. */
extern const struct json_rule fault_rules[];
/* Notes the fault that definition describes and returns its number; 0 if error says what is wrong
 * with it. */
int fault_add(struct hub *hub, const cJSON *definition, char error[static JSON_ERROR_SIZE]);
/* The definition of the first fault that has this request to touch, used up by one, or NULL. */
const cJSON *fault_match(struct hub *hub, const char *operation, const char *device_id);
/* Does the fault stand in for the effect? Then the answer is made. */
bool fault_answer(const cJSON *fault, struct call *call);
/* Spoils and finishes the answer, which then borrows texts from fault. */
void fault_apply(const cJSON *fault, struct call *call);

#endif
