/* Counts results, and knows which failures end the whole command. */
#include "several.h"

#include "exit_status.h"

void several_add(struct several *several, enum c2d_status status)
{
    several->done++;
    if (status == C2D_OK || status == C2D_DRY_RUN)
        return;
    if (several->failed++ == 0 || status_ends_run(status))
        several->first = status;
    else if (several->first != status)
        several->differ = true;
}

bool several_goes_on(const struct several *several)
{
    return several->failed == 0 || !status_ends_run(several->first);
}

enum c2d_status several_status(const struct several *several)
{
    if (several->failed == 0)
        return C2D_OK;
    if (status_ends_run(several->first) || (several->failed == several->done && !several->differ))
        return several->first;
    return STATUS_PARTIAL;
}
