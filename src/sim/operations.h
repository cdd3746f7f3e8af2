/* operations: what devices and back ends ask of the hub. */
#ifndef SIM_OPERATIONS_H
#define SIM_OPERATIONS_H

struct call;

/* How a text of a message is called where; the last has no names. */
extern const struct system_property {
    const char *header;
    const char *json;
    const char *also; /* NULL, or the header that a receive has it in, and a send may have */
    const char *old;  /* what a receive calls that up to api-version 2021-04-12 */
} system_properties[];

/* The operations. The caller is authorised; call->device is there where the route has an id. */
void operation_send(struct call *call);
void operation_receive(struct call *call);
void operation_settle(struct call *call);
void operation_feedback(struct call *call);
void operation_purge(struct call *call);
void operation_status(struct call *call);

#endif
