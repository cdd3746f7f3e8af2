/* A validator: scans the text once, without copying. */
#include "json_scan.h"

#include "base/text.h"
#include "http/url.h"
#include "limits.h"

#include <string.h>

struct scan {
    const char *at, *end;
};

static bool take(struct scan *scan, const char *text)
{
    size_t size = strlen(text);

    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, text, size) != 0)
        return false;
    scan->at += size;
    return true;
}

static void skip_any(struct scan *scan, const char *bytes)
{
    /* strchr() would find a NUL byte in every set. */
    while (scan->at < scan->end && *scan->at != '\0' && strchr(bytes, *scan->at) != NULL)
        scan->at++;
}

static void skip_space(struct scan *scan)
{
    skip_any(scan, " \t\r\n");
}

static bool skip_digits(struct scan *scan)
{
    const char *start = scan->at;

    skip_any(scan, "0123456789");
    return scan->at > start;
}

static bool skip_number(struct scan *scan)
{
    take(scan, "-");
    /* After a leading 0 no digit may follow: in 01 the caller finds the 1 and refuses it. */
    if (!take(scan, "0") && !skip_digits(scan))
        return false;
    if (take(scan, ".") && !skip_digits(scan))
        return false;
    if (!take(scan, "e") && !take(scan, "E"))
        return true;
    if (!take(scan, "+"))
        take(scan, "-");
    return skip_digits(scan);
}

/* Reads the four digits of a \u escape; -1 if they are not valid. */
static int take_code_unit(struct scan *scan)
{
    int unit = 0;

    for (int i = 0; i < 4; i++, scan->at++) {
        int digit = scan->at < scan->end ? url_hex_value(*scan->at) : -1;

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Skips the escape after a backslash. Half a surrogate pair is not valid. */
static bool skip_escape(struct scan *scan)
{
    const char *start = scan->at;
    int unit;

    if (!take(scan, "u")) {
        scan->at +=
            scan->at < scan->end && *scan->at != '\0' && strchr("\"\\/bfnrt", *scan->at) != NULL;
        return scan->at > start;
    }
    unit = take_code_unit(scan);
    /* Refuses -1, and 0: cJSON would truncate the string at \u0000. */
    if (unit < 0xd800 || unit > 0xdfff)
        return unit > 0;
    if (unit > 0xdbff || !take(scan, "\\u"))
        return false;
    unit = take_code_unit(scan);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

static bool skip_string(struct scan *scan)
{
    if (!take(scan, "\""))
        return false;
    while (scan->at < scan->end) {
        char byte = *scan->at++;

        if (byte == '"')
            return true;
        /* Bytes over 0x7f are UTF-8: json_is_valid() has checked that. */
        if ((unsigned char)byte < 0x20 || (byte == '\\' && !skip_escape(scan)))
            return false;
    }
    return false;
}

static bool skip_value(struct scan *scan, int depth);

/* Skips the members of an array or object and its closing bracket. */
/* NOLINTNEXTLINE(misc-no-recursion): the depth is limited */
static bool skip_members(struct scan *scan, const char *close, int depth)
{
    bool is_object = *close == '}';

    skip_space(scan);
    if (take(scan, close))
        return true;
    do {
        skip_space(scan);
        if (is_object && !skip_string(scan))
            return false;
        skip_space(scan);
        if (is_object && !take(scan, ":"))
            return false;
        if (!skip_value(scan, depth))
            return false;
        skip_space(scan);
    } while (take(scan, ","));
    return take(scan, close);
}

/* NOLINTNEXTLINE(misc-no-recursion): the depth is limited */
static bool skip_value(struct scan *scan, int depth)
{
    skip_space(scan);
    if (take(scan, "{"))
        return depth < LIMIT_JSON_DEPTH && skip_members(scan, "}", depth + 1);
    if (take(scan, "["))
        return depth < LIMIT_JSON_DEPTH && skip_members(scan, "]", depth + 1);
    if (scan->at < scan->end && *scan->at == '"')
        return skip_string(scan);
    return take(scan, "true") || take(scan, "false") || take(scan, "null") || skip_number(scan);
}

bool json_is_valid(const char *text, size_t size)
{
    struct scan scan = { text, text + size };

    if (!utf8_valid(text, size) || !skip_value(&scan, 0))
        return false;
    skip_space(&scan);
    return scan.at == scan.end;
}
