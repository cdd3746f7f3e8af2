/* Reads and writes times, in UTC, independent of locale and time zone. */
#include "timestamp.h"

#include "c2d.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
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

/* ---- The calendar: gmtime() and timegm() end in 2038 where time_t has 32 bits ---- */

/* The days from 1970 to the start of a year from 1 on. */
static int64_t days_to_year(int year)
{
    int last = year - 1;

    return ((int64_t)year - 1970) * 365 + last / 4 - last / 100 + last / 400 - 477;
}

/* The days from the start of a year to that of a month, 0-12. */
static int days_to_month(int year, int month)
{
    static const int days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month] + (is_leap && month > 1 ? 1 : 0);
}

bool timestamp_from_utc(const struct tm *tm, int64_t *seconds)
{
    int year = tm->tm_year + 1900, month = tm->tm_mon, day = tm->tm_mday;

    if (year < 1 || month < 0 || month > 11 || tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0
        || tm->tm_min > 59 || tm->tm_sec < 0 || tm->tm_sec > 60 || day < 1
        || day > days_to_month(year, month + 1) - days_to_month(year, month))
        return false;
    *seconds = (days_to_year(year) + days_to_month(year, month) + day - 1) * 86400
               + INT64_C(3600) * tm->tm_hour + INT64_C(60) * tm->tm_min + tm->tm_sec;
    return true;
}

/* ---- Reading ---- */

/* The time in tm, which was read from digits. Years before 1900 are refused. */
static bool seconds_of(const struct tm *tm, int64_t *seconds)
{
    return tm->tm_year >= 0 && timestamp_from_utc(tm, seconds);
}

bool timestamp_parse_http(const char *text, int64_t *seconds)
{
    struct tm tm = { 0 };

    /* "Sun, 06 Nov 1994 08:49:37 GMT": the only form that may still be sent. The name of the day is
     * ignored. */
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
    return seconds_of(&tm, seconds);
}

/* Returns 789 for ".789" and moves *text past the digits; those after the third are ignored. */
static int read_fraction(const char **text)
{
    int ms = 0;

    if (**text != '.')
        return 0;
    for (int scale = 100; byte_is_digit((unsigned char)*++*text); scale /= 10)
        ms += scale * (**text - '0');
    return ms;
}

/* Reads "Z", "" or "+01:00": the offset from UTC in seconds. Returns false for anything else. */
static bool parse_zone(const char *text, int64_t *ahead_s)
{
    int hours = 0, minutes = 0;

    *ahead_s = 0;
    if (*text == '\0' || text_equals_nocase(text, "Z"))
        return true;
    if ((*text != '+' && *text != '-') || strlen(text) != 6 || text[3] != ':')
        return false;
    hours = digits(text + 1, 2);
    minutes = digits(text + 4, 2);
    *ahead_s = (int64_t)60 * (hours * 60 + minutes);
    if (*text == '-')
        *ahead_s = -*ahead_s;
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

/* "2026-01-31T12:00:00.1234567Z", or with "+01:00"; without a zone it is UTC. */
static bool parse_iso(const char *text, int64_t *ms)
{
    struct tm tm = { 0 };
    int64_t seconds, ahead_s;
    int fraction;

    if (strlen(text) < 19 || text[4] != '-' || text[7] != '-' || strchr("Tt ", text[10]) == NULL
        || text[13] != ':' || text[16] != ':')
        return false;
    tm.tm_year = digits(text, 4) - 1900;
    tm.tm_mon = digits(text + 5, 2) - 1;
    tm.tm_mday = digits(text + 8, 2);
    tm.tm_hour = digits(text + 11, 2);
    tm.tm_min = digits(text + 14, 2);
    tm.tm_sec = digits(text + 17, 2);
    text += 19;
    fraction = read_fraction(&text);
    if (!parse_zone(text, &ahead_s) || !seconds_of(&tm, &seconds))
        return false;
    *ms = (seconds - ahead_s) * 1000 + fraction;
    return true;
}

/* Reads one or two digits and the byte that must follow, and moves *text past it. Returns -1 if
 * that is not what text begins with. */
static int short_number(const char **text, char end)
{
    int count =
        byte_is_digit((unsigned char)(*text)[0]) ? 1 + byte_is_digit((unsigned char)(*text)[1]) : 0;
    int value = count == 0 || (*text)[count] != end ? -1 : digits(*text, count);

    if (value >= 0)
        *text += count + 1;
    return value;
}

/* "12:14:12 AM", where 12 AM is midnight, or "20:50:39", where each number has two digits. */
static bool parse_american_time(const char *text, struct tm *tm)
{
    bool has_24_h = strlen(text) == 8;
    bool is_pm;

    tm->tm_hour = short_number(&text, ':');
    tm->tm_min = tm->tm_hour < 0 ? -1 : short_number(&text, ':');
    tm->tm_sec = tm->tm_min < 0 ? -1 : short_number(&text, has_24_h ? '\0' : ' ');
    if (tm->tm_sec < 0 || has_24_h)
        return tm->tm_sec >= 0;
    is_pm = strcmp(text, "PM") == 0;
    if (tm->tm_hour < 1 || tm->tm_hour > 12 || (!is_pm && strcmp(text, "AM") != 0))
        return false;
    tm->tm_hour = tm->tm_hour % 12 + (is_pm ? 12 : 0);
    return true;
}

/* "12/22/2017 12:14:12 AM", as hubs wrote it in 2017, or "10/18/2022 20:50:39", as they write it in
 * errors. */
static bool parse_american(const char *text, int64_t *ms)
{
    struct tm tm = { 0 };
    int64_t seconds;

    tm.tm_mon = short_number(&text, '/') - 1;
    tm.tm_mday = short_number(&text, '/');
    if (tm.tm_mon < 0 || tm.tm_mday < 0 || strlen(text) < 5 || text[4] != ' ')
        return false;
    tm.tm_year = digits(text, 4) - 1900;
    if (!parse_american_time(text + 5, &tm) || !seconds_of(&tm, &seconds))
        return false;
    *ms = seconds * 1000;
    return true;
}

bool timestamp_parse_rfc3339(const char *text, int64_t *ms)
{
    size_t size = strlen(text);
    bool has_zone = size > 19 && (strchr("Zz", text[size - 1]) != NULL || text[size - 3] == ':');
    const char *fraction = size > 19 && text[19] == '.' ? text + 20 : NULL;

    return has_zone && (fraction == NULL || byte_is_digit((unsigned char)*fraction))
           && parse_iso(text, ms);
}

bool timestamp_parse(const char *text, int64_t *ms)
{
    return parse_iso(text, ms) || parse_american(text, ms);
}

bool c2d_time_parse(const char *text, int64_t *ms)
{
    return text != NULL && timestamp_parse(text, ms);
}

/* ---- Writing ---- */

static void write_digits(char *out, int count, int value)
{
    for (; count > 0; value /= 10)
        out[--count] = (char)('0' + value % 10);
}

void timestamp_format(int64_t seconds, const char *suffix, char out[TIMESTAMP_SIZE])
{
    static const char form[] = "0000-00-00T00:00:00"; /* has room for four digits of the year */
    const int64_t last = 253402300799;                /* 9999-12-31T23:59:59 */
    int64_t when = seconds < 0 ? 0 : seconds > last ? last : seconds;
    int second = (int)(when % 86400), day = (int)(when / 86400);
    int year = 1970 + day / 366, month = 0; /* the first year that is possible */

    while (days_to_year(year + 1) <= day)
        year++;
    day -= (int)days_to_year(year);
    while (days_to_month(year, month + 1) <= day)
        month++;
    /* strftime() and snprintf() would cost ten times as much: each record has several times. */
    memcpy(out, form, sizeof form);
    write_digits(out, 4, year);
    write_digits(out + 5, 2, month + 1);
    write_digits(out + 8, 2, day - days_to_month(year, month) + 1);
    write_digits(out + 11, 2, second / 3600);
    write_digits(out + 14, 2, second / 60 % 60);
    write_digits(out + 17, 2, second % 60);
    memcpy(out + strlen(form), suffix, strlen(suffix) + 1);
}

void timestamp_format_span(int64_t span_s, char out[static 32])
{
    static const struct {
        int64_t s, most;
        const char *name;
    } units[] = { { 1, 120, "s" }, { 60, 120, "min" }, { 3600, 48, "h" }, { 86400, 0, "d" } };
    int64_t span = llabs(span_s);

    /* To the nearest: a slow response would make 119 of 120 min. */
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        int64_t count = (span + units[i].s / 2) / units[i].s;

        snprintf(out, 32, "%lld %s", (long long)count, units[i].name);
        if (count <= units[i].most)
            return;
    }
}
