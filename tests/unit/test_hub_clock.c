#include "hub/hub_clock.h"

#include "base/timestamp.h"

#include "../support/script.h"

#include <criterion/criterion.h>
#include <string.h>

enum { DAY_S = 86400 };

/* The local clocks, which a test sets. */
struct own {
    int64_t wall_s, monotonic_ms;
};

static int64_t own_wall_ms(void *context)
{
    return ((const struct own *)context)->wall_s * 1000;
}

static int64_t own_monotonic_ms(void *context)
{
    return ((const struct own *)context)->monotonic_ms;
}

static struct clock clock_of(struct own *own)
{
    return (struct clock) { own_wall_ms, own_monotonic_ms, NULL, own };
}

/* The result for a 401 with this header (or NULL) and body. */
static enum hub_clock_verdict follow(struct hub_clock *hub, struct own *own, const char *header,
                                     const char *body, int64_t *off_s)
{
    const char *const headers[] = { header, NULL };
    struct http_response response = response_for_test(401, headers, body, 0);
    struct clock clock = clock_of(own);
    enum hub_clock_verdict verdict = hub_clock_follow(hub, &response, &clock, off_s);

    http_response_clear(&response);
    return verdict;
}

/* The local clock shows an instant, the hub sends a Date. */
static const struct {
    const char *what;
    bool back_end;
    int64_t own_s;
    const char *date;
    enum hub_clock_verdict verdict;
    int64_t off_s;
} dates[] = {
    { "the same", true, 1800000000, "Date: Fri, 15 Jan 2027 08:00:00 GMT", HUB_CLOCK_OURS, 0 },
    { "5 min ahead", true, 1800000000, "Date: Fri, 15 Jan 2027 08:05:00 GMT", HUB_CLOCK_OURS, 0 },
    { "5 min behind", true, 1800000000, "Date: Fri, 15 Jan 2027 07:55:00 GMT", HUB_CLOCK_OURS, 0 },
    { "5 min 1 s ahead", true, 1800000000, "Date: Fri, 15 Jan 2027 08:05:01 GMT",
      HUB_CLOCK_FOLLOWED, 301 },
    { "5 min 1 s behind", true, 1800000000, "Date: Fri, 15 Jan 2027 07:54:59 GMT",
      HUB_CLOCK_FOLLOWED, -301 },
    { "3 d ahead", true, 1800000000, "Date: Mon, 18 Jan 2027 08:00:00 GMT", HUB_CLOCK_FOLLOWED,
      3 * DAY_S },
    { "3 d 1 s ahead", true, 1800000000, "Date: Mon, 18 Jan 2027 08:00:01 GMT", HUB_CLOCK_TOO_FAR,
      3 * DAY_S + 1 },
    { "9 years behind", true, 1800000000, "Date: Mon, 15 Jan 2018 08:00:00 GMT", HUB_CLOCK_FOLLOWED,
      -3287 * DAY_S },
    { "2070", true, 1800000000, "Date: Wed, 15 Jan 2070 08:00:00 GMT", HUB_CLOCK_TOO_FAR,
      15706 * (int64_t)DAY_S },
    { "2070", false, 1800000000, "Date: Wed, 15 Jan 2070 08:00:00 GMT", HUB_CLOCK_TOO_FAR,
      15706 * (int64_t)DAY_S },
    { "400 d ahead", false, 1800000000, "Date: Sat, 19 Feb 2028 08:00:00 GMT", HUB_CLOCK_FOLLOWED,
      400 * DAY_S },
    { "400 d 1 s ahead", false, 1800000000, "Date: Sat, 19 Feb 2028 08:00:01 GMT",
      HUB_CLOCK_TOO_FAR, 400 * DAY_S + 1 },
    { "a device without a battery", false, 0, "Date: Fri, 15 Jan 2010 08:00:00 GMT",
      HUB_CLOCK_FOLLOWED, 1263542400 },
    { "a device of 1990 in 2035", false, 631152000, "Date: Mon, 15 Jan 2035 08:00:00 GMT",
      HUB_CLOCK_FOLLOWED, 2052460800 - 631152000 },
    { "a device of 1990 in 2037", false, 631152000, "Date: Thu, 15 Jan 2037 08:00:00 GMT",
      HUB_CLOCK_TOO_FAR, 2115619200 - 631152000 },
    { "a back end of 2020 in 2027", true, 1577836800, "Date: Fri, 15 Jan 2027 08:00:00 GMT",
      HUB_CLOCK_TOO_FAR, 1800000000 - 1577836800 },
    { "60 years ahead", false, 1800000000, "Date: Thu, 15 Jan 2087 08:00:00 GMT", HUB_CLOCK_OURS,
      0 },
    { "57 years behind", false, 1800000000, "Date: Thu, 01 Jan 1970 00:00:00 GMT", HUB_CLOCK_OURS,
      0 },
    { "unparsable", false, 1800000000, "Date: yesterday", HUB_CLOCK_OURS, 0 },
    { "none", false, 1800000000, NULL, HUB_CLOCK_OURS, 0 },
};

Test(hub_clock, a_date_is_followed_only_within_bounds_that_no_peer_controls)
{
    for (size_t i = 0; i < COUNT(dates); i++) {
        struct hub_clock hub = { .serves_back_end = dates[i].back_end };
        struct own own = { .wall_s = dates[i].own_s };
        struct clock clock = clock_of(&own);
        int64_t off_s = -1;
        bool follows = dates[i].verdict == HUB_CLOCK_FOLLOWED;

        cr_expect_eq(follow(&hub, &own, dates[i].date, "", &off_s), dates[i].verdict, "%s",
                     dates[i].what);
        cr_expect_eq(off_s, dates[i].off_s, "%s: %lld", dates[i].what, (long long)off_s);
        cr_expect_eq(hub_clock_now_s(&hub, &clock), dates[i].own_s + (follows ? dates[i].off_s : 0),
                     "%s", dates[i].what);
    }
}

#define STAMP "\"ExceptionMessage\":\"Tracking ID:0a-G:11-TimeStamp:09/29/2017 15:53:06\"}"

Test(hub_clock, the_body_of_a_401_shows_the_time_where_there_is_no_date)
{
    static const struct {
        int status;
        const char *header, *body;
        int64_t hub_s; /* 0: not read */
    } rows[] = {
        { 401, NULL, "{\"Message\":\"ErrorCode:A;B\"," STAMP, 1506700386 },
        { 401, "Date: yesterday", "{\"Message\":\"ErrorCode:A;B\"," STAMP, 1506700386 },
        { 401, NULL,
          "{\"Message\":{\"errorCode\":401002,\"timestampUtc\":\"2017-09-29T15:53:06.7Z\"}}",
          1506700386 },
        { 401, "Date: Fri, 29 Sep 2017 15:53:00 GMT", "{\"Message\":\"ErrorCode:A;B\"," STAMP,
          1506700380 },
        { 401, "Age: 5", "{\"Message\":\"ErrorCode:A;B\"," STAMP, 0 },
        { 500, NULL, "{\"Message\":\"ErrorCode:A;B\"," STAMP, 0 },
        { 401, NULL, "<html>TimeStamp:09/29/2017 15:53:06", 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const headers[] = { rows[i].header, NULL };
        struct http_response response = response_for_test(rows[i].status, headers, rows[i].body, 0);
        int64_t hub_s = 0;

        cr_expect_eq(hub_clock_read(&response, 1506700000, &hub_s), rows[i].hub_s != 0, "row %zu",
                     i);
        cr_expect_eq(hub_s, rows[i].hub_s, "row %zu: %lld", i, (long long)hub_s);
        http_response_clear(&response);
    }
}

#define TWO_HOURS_AHEAD "Date: Fri, 15 Jan 2027 10:00:00 GMT"

Test(hub_clock, offset_of_the_hub_is_dropped_when_the_local_clock_is_set)
{
    static const struct {
        int64_t wall_s, monotonic_ms, offset_s; /* elapsed times, and the offset after them */
    } rows[] = {
        { 86400, 86400000, 7200 },
        { 7200, 0, 0 },
        { -86400, 0, 0 },
        { 86400, 0, 0 }, /* the machine slept, which a monotonic clock may not count */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct hub_clock hub = { 0 };
        struct own own = { .wall_s = 1800000000, .monotonic_ms = 12345678 };
        struct clock clock = clock_of(&own);
        int64_t off_s;

        cr_assert_eq(follow(&hub, &own, TWO_HOURS_AHEAD, "", &off_s), HUB_CLOCK_FOLLOWED);
        own.wall_s += rows[i].wall_s;
        own.monotonic_ms += rows[i].monotonic_ms;
        cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s + rows[i].offset_s, "row %zu", i);
    }
}

Test(hub_clock, an_equal_second_date_has_no_effect_and_one_that_agrees_with_the_local_clock_resets)
{
    struct hub_clock hub = { 0 };
    struct own own = { .wall_s = 1800000000 };
    struct clock clock = clock_of(&own);
    int64_t off_s;

    cr_assert_eq(follow(&hub, &own, TWO_HOURS_AHEAD, "", &off_s), HUB_CLOCK_FOLLOWED);
    cr_assert_eq(follow(&hub, &own, "Date: Fri, 15 Jan 2027 10:00:09 GMT", "", &off_s),
                 HUB_CLOCK_KNOWN);
    cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s + 7200);
    cr_assert_eq(follow(&hub, &own, "Date: Fri, 15 Jan 2027 08:00:00 GMT", "", &off_s),
                 HUB_CLOCK_OURS);
    cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s);
}

Test(hub_clock, a_time_that_did_not_help_is_dropped_unless_another_request_has_confirmed_it)
{
    struct hub_clock hub = { 0 };
    struct own own = { .wall_s = 1800000000 };
    struct clock clock = clock_of(&own);
    int64_t off_s;

    follow(&hub, &own, TWO_HOURS_AHEAD, "", &off_s);
    hub_clock_reject(&hub);
    cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s);
    follow(&hub, &own, TWO_HOURS_AHEAD, "", &off_s);
    hub_clock_confirm(&hub);
    hub_clock_reject(&hub);
    cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s + 7200);
}

Test(hub_clock, offset_that_was_followed_for_a_device_is_not_used_for_a_policy)
{
    struct hub_clock hub = { 0 };
    struct own own = { .wall_s = 1800000000 };
    struct clock clock = clock_of(&own);
    int64_t off_s;

    follow(&hub, &own, "Date: Sat, 19 Feb 2028 08:00:00 GMT", "", &off_s);
    cr_assert_eq(hub_clock_now_s(&hub, &clock), own.wall_s + 400 * DAY_S);
    hub_clock_serve_back_end(&hub);
    cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s);
    follow(&hub, &own, TWO_HOURS_AHEAD, "", &off_s);
    hub_clock_serve_back_end(&hub); /* another one */
    cr_expect_eq(hub_clock_now_s(&hub, &clock), own.wall_s + 7200);
}

Test(hub_clock, time_spans_are_shown_in_a_readable_unit)
{
    static const struct {
        int64_t off_s;
        const char *text;
    } rows[] = {
        { 7, "7 s" },         { -120, "120 s" },
        { 301, "5 min" },     { 7199, "120 min" },
        { 7229, "120 min" },  { 7230, "2 h" },
        { -10800, "3 h" },    { 48 * 3600, "48 h" },
        { 3 * DAY_S, "3 d" }, { -3287 * DAY_S, "3287 d" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];

        timestamp_format_span(rows[i].off_s, text);
        cr_expect_str_eq(text, rows[i].text, "%lld", (long long)rows[i].off_s);
    }
}
