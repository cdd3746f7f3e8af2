/* The operations that devices and back ends request of the hub. */
#ifndef SIM_OPERATIONS_H
#define SIM_OPERATIONS_H

struct call;

/* The names of a message's system properties. The last has no names. */
extern const struct system_property {
    const char *header; /* in a send; in a receive, too, if also is NULL */
    const char *json;
    const char *also; /* in a receive, and accepted in a send; NULL: none */
    const char *old;  /* in a receive up to api-version 2021-04-12, instead of also */
} system_properties[];

/* The client is authorised. call->device is set if the route has a device id. */
void operation_send(struct call *call);
void operation_receive(struct call *call);
void operation_settle(struct call *call);
void operation_feedback(struct call *call);
void operation_purge(struct call *call);
void operation_status(struct call *call);

#endif
