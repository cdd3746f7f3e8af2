/* Input: a time as text. The results are compared with a second computation, and read back. */
#include "base/text.h"
#include "base/timestamp.h"
#include "check.h"
#include "hub/hub_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days from 1970-01-01 to a day of the Gregorian calendar, counted from 1 March of year 0. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Computes the seconds of "2026-01-31T12:00:00…", whose digits were checked, without its zone. */
static int64_t seconds_of(const char *text)
{
    int part[6];

    CHECK(sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &part[0], &part[1], &part[2], &part[3],
                 &part[4], &part[5])
          == 6);
    return days_of(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
}

/* Checks a time whose text begins with its ISO 8601 form, in any zone. */
static void check_iso(const char *text, int64_t ms)
{
    const char *zone = text + strcspn(text, "+Zz");
    int64_t ahead_s = 0, seconds = seconds_of(text);
    int hours, minutes;

    if (*zone == '\0' && strlen(text) > 25 && text[strlen(text) - 6] == '-')
        zone = text + strlen(text) - 6;
    if (*zone == '\0' && strlen(text) == 25 && text[19] == '-')
        zone = text + 19;
    if ((*zone == '+' || *zone == '-') && sscanf(zone + 1, "%2d:%2d", &hours, &minutes) == 2)
        ahead_s = (*zone == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    CHECK(ms - (seconds - ahead_s) * 1000 >= 0 && ms - (seconds - ahead_s) * 1000 < 1000);
}

/* True if text has the form "2026-01-31T12:00:00Z". */
static bool has_iso_form(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? !byte_is_digit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return strlen(text) == strlen(form);
}

/* True if a text of that form is a day and a time that exist. 60 is a leap second. */
static bool exists(const char *text)
{
    static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year, month, day, hour, minute, second;
    bool is_leap_year;

    CHECK(sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) == 6);
    is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return year >= 1900 && month >= 1 && month <= 12 && day >= 1
           && day <= month_days[month - 1] + (month == 2 && is_leap_year) && hour <= 23
           && minute <= 59 && second <= 60;
}

static void check_format(int64_t ms)
{
    char suffix[8], text[TIMESTAMP_SIZE];
    int64_t again;

    if (ms < 0 || ms > INT64_C(253402300799999)) /* the form ends with the year 9999 */
        return;
    snprintf(suffix, sizeof suffix, ".%03dZ", (int)(ms % 1000));
    timestamp_format(ms / 1000, suffix, text);
    CHECK(timestamp_parse(text, &again) && again == ms);
    CHECK(timestamp_parse_rfc3339(text, &again) && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size), span[32];
    int64_t ms, other_ms, seconds;

    if (timestamp_parse(text, &ms)) {
        if (text[4] == '-')
            check_iso(text, ms);
        check_format(ms);
    }
    if (has_iso_form(text))
        CHECK(timestamp_parse_rfc3339(text, &ms) == exists(text));
    if (timestamp_parse_rfc3339(text, &ms))
        CHECK(timestamp_parse(text, &other_ms) && other_ms == ms);
    if (timestamp_parse_http(text, &seconds))
        check_format(seconds * 1000);
    CHECK(hub_error_retry_after_s(text, 1767225600) >= 0);
    if (size >= sizeof seconds) {
        memcpy(&seconds, data, sizeof seconds);
        timestamp_format_span(seconds % (INT64_C(200) * 366 * 86400), span);
        check_line(span);
        timestamp_format(seconds, "Z", span);
        CHECK(strlen(span) == 20);
    }
    free(text);
    return 0;
}
