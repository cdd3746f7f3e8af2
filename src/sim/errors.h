/* errors: how the hub says that it refuses a request. */
#ifndef SIM_ERRORS_H
#define SIM_ERRORS_H

struct call;

/* The errors that a hub is known to have; the last has no name. */
extern const struct hub_error {
    int number; /* 404001: the first three digits are the HTTP status */
    const char *name;
    const char *text;
} hub_errors[];

/* By number (0: any) or by name (NULL: any); NULL if there is no such error. */
const struct hub_error *error_find(int number, const char *name);
/* Makes the response the error of that number, which must be a known one, in call->shape. */
void call_fail(struct call *call, int number);
/* The same with any status; number may be 0, and name NULL: the hub's code is left out. */
void call_fail_as(struct call *call, int status, int number, const char *name, const char *text);

#endif
