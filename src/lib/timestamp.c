/* Two forms of time, both UTC and free of locale and time zone: HTTP's is read, ISO 8601 is
 * written. Other forms that a hub may use are passed on as text. */
#define _DEFAULT_SOURCE /* timegm */
#include "timestamp.h"

#include "text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The number in the digits text[0..count), or -1. */
static int digits(const char *text, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (!byte_is_digit((unsigned char)text[i]))
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* 0-11 for "Jan".."Dec", -1 otherwise: strptime() would follow the caller's locale. */
static int month_number(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++)
        if (memcmp(text, months + (size_t)i * 3, 3) == 0)
            return i;
    return -1;
}

bool timestamp_parse_http(const char *text, int64_t *seconds)
{
    struct tm tm = { 0 };
    int day;

    /* "Sun, 06 Nov 1994 08:49:37 GMT": the one form that may still be sent. The name of the day is
     * not looked at. */
    if (strlen(text) != 29 || strcmp(text + 25, " GMT") != 0 || text[3] != ',' || text[4] != ' '
        || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':'
        || text[22] != ':')
        return false;
    tm.tm_mday = digits(text + 5, 2);
    tm.tm_mon = month_number(text + 8);
    tm.tm_year = digits(text + 12, 4) - 1900;
    tm.tm_hour = digits(text + 17, 2);
    tm.tm_min = digits(text + 20, 2);
    tm.tm_sec = digits(text + 23, 2);
    if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_mon < 0 || tm.tm_year < 0 || tm.tm_hour < 0
        || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
        return false;
    day = tm.tm_mday;
    *seconds = timegm(&tm);
    return tm.tm_mday == day || tm.tm_sec == 60; /* 31 April would have become 1 May */
}

void timestamp_format(int64_t seconds, const char *suffix, char out[TIMESTAMP_SIZE])
{
    /* A year of five digits has no place in this form. */
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59 */
    time_t when = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
    struct tm tm = { 0 };

    gmtime_r(&when, &tm);
    snprintf(out, TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, suffix);
}
