/* Reads the body of a hub's refusal. */
#ifndef HUB_REFUSAL_H
#define HUB_REFUSAL_H

#include "base/buf.h"

/* The facts in the body of a refusal; "" and 0 if missing. */
struct hub_refusal {
    int code; /* 403004 */
    char name[64];
    char message[256];
    char tracking_id[64];
    char time[32]; /* the hub's, as it wrote it */
};

/* Reads the forms that hubs are known to write. Leaves refusal empty for any other: that is not an
 * error. */
void hub_refusal_read(const struct buf *body, struct hub_refusal *refusal);

#endif
