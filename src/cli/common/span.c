#include "span.h"

#include <stdio.h>

void span_format(int64_t seconds, char out[static 32])
{
    static const struct {
        int64_t s;
        const char *unit;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    int64_t span = seconds < 0 ? -seconds : seconds;
    size_t i = 0;

    /* At least two of a unit: "90 min" says more than "1 h". */
    while (i < 3 && span < 2 * units[i].s)
        i++;
    snprintf(out, 32, "%lld %s", (long long)(span / units[i].s), units[i].unit);
}
