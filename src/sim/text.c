/* text: percent-decoding, numbers, character sets and the three ways in which a hub writes time. */
#define _GNU_SOURCE /* timegm */
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool text_percent_decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++) {
        int high = 0;
        int low = 0;

        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        high = hex_value(in[1]);
        low = high < 0 ? -1 : hex_value(in[2]);
        if (low < 0 || high * 16 + low == 0)
            return false;
        *out++ = (char)(high * 16 + low);
        in += 2;
    }
    *out = '\0';
    return true;
}

bool text_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    char *end = NULL;
    long long value;

    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
        return false;
    *number = value;
    return true;
}

bool text_consists_of(const char *text, const char *extra)
{
    const char *c = text;

    while ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')
           || (*c != '\0' && strchr(extra, *c) != NULL))
        c++;
    return c != text && *c == '\0';
}

bool text_is_device_id(const char *text)
{
    return strlen(text) <= 128 && text_consists_of(text, "-.+%_#*?!(),:=@$'");
}

static struct tm split_time(int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts = { 0 };

    (void)gmtime_r(&seconds, &parts); /* only fails for years that no hub sees */
    return parts;
}

void time_format_iso(int64_t time_ms, char text[static TIME_TEXT_SIZE])
{
    struct tm parts = split_time(time_ms);
    size_t size = strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);

    (void)snprintf(text + size, TIME_TEXT_SIZE - size, ".%03d0000Z", (int)(time_ms % 1000));
}

void time_format_http(int64_t time_ms, char text[static TIME_TEXT_SIZE])
{
    struct tm parts = split_time(time_ms);

    (void)strftime(text, TIME_TEXT_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

void time_format_us(int64_t time_ms, char text[static TIME_TEXT_SIZE])
{
    struct tm parts = split_time(time_ms);

    (void)strftime(text, TIME_TEXT_SIZE, "%m/%d/%Y %H:%M:%S", &parts);
}

/* Takes count digits and, unless it is NUL, the character behind them. */
static bool take(const char **cursor, int count, char behind, int *number)
{
    *number = 0;
    for (; count > 0; count--, (*cursor)++) {
        if (**cursor < '0' || **cursor > '9')
            return false;
        *number = *number * 10 + (**cursor - '0');
    }
    return behind == '\0' || *(*cursor)++ == behind;
}

/* The ".1234567" of a time, which may be missing. */
static bool take_fraction(const char **cursor, int *fraction_ms)
{
    int digits = 0;

    *fraction_ms = 0;
    if (**cursor != '.')
        return true;
    for ((*cursor)++; **cursor >= '0' && **cursor <= '9'; (*cursor)++, digits++)
        if (digits < 3)
            *fraction_ms = *fraction_ms * 10 + (**cursor - '0');
    for (int i = digits; i < 3; i++)
        *fraction_ms *= 10;
    return digits >= 1 && digits <= 7;
}

/* Z, +01:00 or -01:00, and nothing behind. */
static bool take_zone(const char *cursor, int *east_s)
{
    char sign = *cursor++;
    int hours = 0;
    int minutes = 0;

    *east_s = 0;
    if (sign == 'Z')
        return *cursor == '\0';
    if ((sign != '+' && sign != '-') || !take(&cursor, 2, ':', &hours)
        || !take(&cursor, 2, '\0', &minutes) || *cursor != '\0' || hours > 14 || minutes > 59)
        return false;
    *east_s = (hours * 60 + minutes) * (sign == '+' ? 60 : -60);
    return true;
}

bool time_parse_iso(const char *text, int64_t *time_ms)
{
    struct tm parts = { 0 };
    int day;
    int east_s;
    int fraction_ms;
    time_t seconds;

    if (!take(&text, 4, '-', &parts.tm_year) || !take(&text, 2, '-', &parts.tm_mon)
        || !take(&text, 2, 'T', &parts.tm_mday) || !take(&text, 2, ':', &parts.tm_hour)
        || !take(&text, 2, ':', &parts.tm_min) || !take(&text, 2, '\0', &parts.tm_sec)
        || !take_fraction(&text, &fraction_ms) || !take_zone(text, &east_s))
        return false;
    if (parts.tm_year < 1970 || parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_hour > 23
        || parts.tm_min > 59 || parts.tm_sec > 59)
        return false;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    day = parts.tm_mday;
    seconds = timegm(&parts);
    if (parts.tm_mday != day) /* the 31st of a short month was carried over */
        return false;
    *time_ms = ((int64_t)seconds - east_s) * 1000 + fraction_ms;
    return true;
}
