/* Counts results, and knows which failures end the whole command. */
#include "several.h"

#include "exit_status.h"

/* True if the next item would fail for the same reason, or the command must stop. */
static bool ends_all(enum c2d_status status)
{
    return status == STATUS_IO || status == C2D_OS || status == C2D_CANCELLED || status == C2D_AUTH
           || status == C2D_TLS || status == C2D_CONFIG;
}

void several_add(struct several *several, enum c2d_status status)
{
    several->done++;
    if (status == C2D_OK || status == C2D_DRY_RUN)
        return;
    if (several->failed++ == 0 || ends_all(status))
        several->first = status;
    else if (several->first != status)
        several->differ = true;
}

bool several_goes_on(const struct several *several)
{
    return several->failed == 0 || !ends_all(several->first);
}

enum c2d_status several_status(const struct several *several)
{
    if (several->failed == 0)
        return C2D_OK;
    if (ends_all(several->first) || (several->failed == several->done && !several->differ))
        return several->first;
    return STATUS_PARTIAL;
}
