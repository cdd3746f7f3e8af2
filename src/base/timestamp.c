/* Reads and writes times, in UTC, independent of locale and time zone. */
#define _DEFAULT_SOURCE /* timegm */
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

/* Sets *seconds to the time in tm, which was read from digits. Returns false if there is no such
 * day or hour. */
static bool seconds_of(struct tm tm, int64_t *seconds)
{
    int day = tm.tm_mday, second = tm.tm_sec;

    if (day < 1 || day > 31 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_year < 0 || tm.tm_hour < 0
        || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || second < 0 || second > 60)
        return false;
    tm.tm_sec = 0; /* a leap second, 60, would be one of the next day */
    *seconds = timegm(&tm) + second;
    return tm.tm_mday == day; /* timegm() turns 31 April into 1 May */
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
    return seconds_of(tm, seconds);
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
    if (!parse_zone(text, &ahead_s) || !seconds_of(tm, &seconds))
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
    if (!parse_american_time(text + 5, &tm) || !seconds_of(tm, &seconds))
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

void timestamp_format(int64_t seconds, const char *suffix, char out[TIMESTAMP_SIZE])
{
    /* The form has room for four digits of the year. */
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59 */
    time_t when = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
    struct tm tm = { 0 };
    size_t size;

    gmtime_r(&when, &tm);
    size = strftime(out, TIMESTAMP_SIZE, "%Y-%m-%dT%H:%M:%S", &tm); /* no locale changes these */
    snprintf(out + size, TIMESTAMP_SIZE - size, "%s", suffix);
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
