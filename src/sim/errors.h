/* The errors of a hub, and the responses that carry them. */
#ifndef SIM_ERRORS_H
#define SIM_ERRORS_H

struct call;

/* The known errors of hubs. The last has no name. */
extern const struct hub_error {
    int number; /* 404001: the first three digits are the HTTP status */
    const char *name;
    const char *text;
} hub_errors[];

/* Finds an error by number (0: any) and name (NULL: any). NULL: not found. */
const struct hub_error *error_find(int number, const char *name);
/* Makes the response the error with this number, which must be known, in the form call->shape. */
void call_fail(struct call *call, int number);
/* The same with any status. number may be 0. name may be NULL: no iothub-errorcode is sent. */
void call_fail_as(struct call *call, int status, int number, const char *name, const char *text);

#endif
