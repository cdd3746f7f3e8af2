/* The system properties of a message: where each is in struct c2d_message, its name in JSON and its
 * headers. ack and deliveryCount are not texts: the readers and writers handle them. */
#ifndef SYSTEM_PROPERTY_H
#define SYSTEM_PROPERTY_H

#include "c2d.h"

struct system_property {
    size_t at;        /* offset of the text in struct c2d_message */
    const char *name; /* the key in JSON */
    const char *what; /* the name in errors of a sender; NULL: only the hub sets it */
    /* Spellings of its header. Those of the payload have three, the last one as in HTTP. */
    const char *headers[3];
};

enum { SYSTEM_PROPERTIES = 10 };
/* In the order of the keys in JSON. */
extern const struct system_property system_properties[SYSTEM_PROPERTIES];

/* Returns NULL if message does not have it. */
const char *system_property_get(const struct c2d_message *message,
                                const struct system_property *property);
void system_property_set(struct c2d_message *message, const struct system_property *property,
                         const char *value);

#endif
