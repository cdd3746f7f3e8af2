#include "batch_end.h"

#include "../common/polling.h"

enum { NOT_IN_THIS_TIER = 403010 }; /* error code of a hub whose tier has no C2D messages */

/* A filter may refuse a single message for its content. If it refuses three devices in a row, it is
 * assumed to refuse all. */
static bool is_filtered(struct batch_end *end, uint64_t device_hash)
{
    if (end->filtered_count == BATCH_END_FILTERED)
        return true; /* a request that was in flight when the third was refused */
    for (size_t i = 0; i < end->filtered_count; i++)
        if (end->filtered[i] == device_hash)
            return false;
    end->filtered[end->filtered_count++] = device_hash;
    return end->filtered_count == BATCH_END_FILTERED;
}

bool batch_must_end(struct batch_end *end, uint64_t device_hash, const struct c2d_error *error)
{
    if (polling_is_filtered(error))
        return is_filtered(end, device_hash);
    if (error->http_status != 0)
        end->filtered_count = 0;
    if (error->status == C2D_AUTH && error->http_status == 403)
        return error->hub_code == NOT_IN_THIS_TIER;
    /* C2D_CANCELLED: by a signal, or since the batch has ended already. */
    return error->gave_up || error->status == C2D_QUOTA
           || (error->status != C2D_CANCELLED && status_ends_run(error->status));
}
