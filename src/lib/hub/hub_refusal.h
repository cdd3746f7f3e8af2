/* The body of a hub's refusal, in all shapes that hubs are known to write. */
#ifndef HUB_REFUSAL_H
#define HUB_REFUSAL_H

#include "base/buf.h"

/* What the body of a refusal says; "" and 0 for what it does not. */
struct hub_refusal {
    int code; /* 403004 */
    char name[64];
    char message[256];
    char tracking_id[64];
    char time[32]; /* the hub's, as it wrote it */
};

/* Understands the shapes that hubs are known to write, and leaves refusal empty for any other: a
 * body that cannot be read is no error of its own. */
void hub_refusal_read(const struct buf *body, struct hub_refusal *refusal);

#endif
