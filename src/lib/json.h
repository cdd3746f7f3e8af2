/* What hubs write in JSON, read into plain data; feedback has a module of its own. */
#ifndef JSON_H
#define JSON_H

#include "buf.h"
#include "c2d.h"

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
void json_read_refusal(const struct buf *body, struct hub_refusal *refusal);

enum c2d_status json_read_purge(const struct buf *body, int64_t *purged, struct c2d_error *error);
enum c2d_status json_read_device(const struct buf *body, struct c2d_device_info **info,
                                 struct c2d_error *error);

/* Appends a registry answer with the device's keys masked; false, and nothing, when body cannot be
 * read as an object. */
bool json_append_without_keys(struct buf *out, const struct buf *body);

#endif
