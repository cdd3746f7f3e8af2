#include "purge.h"

#include "base/error.h"
#include "json_read.h"

enum c2d_status purge_read(const struct buf *body, int64_t *purged, struct c2d_error *error)
{
    struct cJSON *root;
    double number = 0;
    enum c2d_status status = json_parse(body->data, body->size, &root, error);

    if (status == C2D_OK
        && !json_as_number(json_member(root, "totalMessagesPurged"), INT32_MAX, &number))
        status = fail(error, C2D_PROTOCOL, "the response to purge has no totalMessagesPurged");
    if (status == C2D_OK)
        *purged = (int64_t)number;
    json_free(root);
    return status;
}
