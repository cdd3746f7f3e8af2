#include "batch_rate.h"

#include "base/clock.h"

#include <string.h>

enum { MINUTE_US = 60000000, CATCH_UP_US = 100000 };

bool batch_rate_parse(struct batch_rate *rate, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;

    if (digits == 0 || digits > 6)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    if (number == 0 || (strcmp(text + digits, "/s") != 0 && strcmp(text + digits, "/m") != 0))
        return false;
    rate->interval_us = (text[digits + 1] == 's' ? 1000000 : MINUTE_US) / number;
    return true;
}

static int64_t now_us(void)
{
    return clock_monotonic_ms(NULL) * 1000;
}

int batch_rate_wait_ms(const struct batch_rate *rate)
{
    int64_t wait_us = rate->interval_us == 0 ? 0 : rate->next_us - now_us();

    return wait_us > 0 ? (int)((wait_us + 999) / 1000) : 0;
}

void batch_rate_take(struct batch_rate *rate)
{
    int64_t now = now_us();

    /* Catches up after a short delay, so that the average rate is the requested one. */
    rate->next_us = (now - rate->next_us > CATCH_UP_US ? now : rate->next_us) + rate->interval_us;
}
