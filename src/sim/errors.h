/* errors: the responses by which the hub refuses. */
#ifndef SIM_ERRORS_H
#define SIM_ERRORS_H

struct call;

/* Makes the answer an error of the hub in call->shape: 404001 DeviceNotFound with 404. */
void call_fail(struct call *call, int number, const char *name, const char *text);
/* The same with any status; number may be 0, and name NULL: the hub's code is left out. */
void call_fail_as(struct call *call, int status, int number, const char *name, const char *text);

#endif
