#include "base/timestamp.h"

#include "../support/table.h"
#include "c2d.h"

#include <criterion/criterion.h>

static const struct {
    const char *text;
    int64_t seconds; /* -1: refused */
} dates[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 },
    { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
    { "", -1 },
    { "Sun, 06 Nov 1994 08:49:37", -1 },
    { "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
    { "Sun, 06 Nov 1994 08:49:37 +00", -1 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", -1 },
    { "Sun Nov  6 08:49:37 1994", -1 },
    { "Sun, 06 nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Foo 1994 08:49:37 GMT", -1 },
    { "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 32 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 24:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:60:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:61 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:-7 GMT", -1 },
    { "Sun, 06 Nov 1899 08:49:37 GMT", -1 },
    { "Sun, +6 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08-49-37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
    { " Sun, 06 Nov 1994 08:49:37 GMT", -1 },
    { "2026-01-01T00:00:00Z", -1 },
};

Test(timestamp, http_date_is_read_in_its_one_form)
{
    for (size_t i = 0; i < COUNT(dates); i++) {
        int64_t seconds = -1;
        bool ok = timestamp_parse_http(dates[i].text, &seconds);

        cr_expect_eq(ok, dates[i].seconds >= 0, "%s", dates[i].text);
        cr_expect_eq(seconds, dates[i].seconds, "%s: %lld", dates[i].text, (long long)seconds);
    }
}

Test(timestamp, day_beyond_the_end_of_its_month_is_refused)
{
    int64_t seconds;

    cr_expect_not(timestamp_parse_http("Thu, 30 Feb 2023 00:00:00 GMT", &seconds));
    cr_expect_not(timestamp_parse_http("Wed, 29 Feb 2023 00:00:00 GMT", &seconds));
    cr_expect_not(timestamp_parse_http("Thu, 31 Apr 2026 00:00:00 GMT", &seconds));
}

static const struct {
    int64_t seconds;
    const char *suffix, *text;
} formats[] = {
    { 0, "Z", "1970-01-01T00:00:00Z" },
    { 1769860800, ".0000000Z", "2026-01-31T12:00:00.0000000Z" },
    { 253402300799, "Z", "9999-12-31T23:59:59Z" },
    { INT64_MAX, "Z", "9999-12-31T23:59:59Z" },
    { -1, "Z", "1970-01-01T00:00:00Z" },
    { INT64_MIN, ".0000000Z", "1970-01-01T00:00:00.0000000Z" },
};

Test(timestamp, every_instant_is_written_in_rfc_3339)
{
    for (size_t i = 0; i < COUNT(formats); i++) {
        char text[TIMESTAMP_SIZE];

        timestamp_format(formats[i].seconds, formats[i].suffix, text);
        cr_expect_str_eq(text, formats[i].text);
    }
}

Test(timestamp, each_day_until_9999_is_written_as_the_c_library_does_and_read_back)
{
    for (int64_t day = 0; day <= 2932896; day++) {
        time_t when = (time_t)(day * 86400);
        char text[TIMESTAMP_SIZE], expected[TIMESTAMP_SIZE] = "";
        struct tm tm;
        int64_t ms = -1;

        timestamp_format(day * 86400, "Z", text);
        cr_assert(timestamp_parse(text, &ms) && ms == day * 86400000, "%s", text);
        if (when != day * 86400) /* past 2038, where time_t has 32 bits */
            continue;
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
        cr_assert_str_eq(text, expected);
    }
}

/* Such certificates exist: year 0 is refused. */
Test(timestamp, first_day_of_the_calendar_is_the_first_of_year_1)
{
    int64_t seconds = 0;

    cr_expect(timestamp_from_utc(&(struct tm) { .tm_year = 1 - 1900, .tm_mday = 1 }, &seconds));
    cr_expect_eq(seconds, -62135596800);
    cr_expect_not(timestamp_from_utc(&(struct tm) { .tm_year = -1900, .tm_mday = 1 }, &seconds));
}

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} instants[] = {
    { "2026-01-31T12:00:00Z", 1769860800000 },
    { "2026-01-31T12:00:00.7Z", 1769860800700 },
    { "2015-07-28T16:24:48.7891234Z", 1438100688789 },
    { "2026-01-31 12:00:00", 1769860800000 },
    { "2026-01-31t12:00:00.05+00:00", 1769860800050 },
    { "2016-12-31T23:59:60Z", 1483228800000 }, /* a leap second */
    { "2016-02-30T23:59:60Z", -1 },
    { "12/22/2017 12:14:12 AM", 1513901652000 },
    { "1/2/2017 3:04:05 PM", 1483369445000 },
    { "12/22/2017 12:00:00 PM", 1513944000000 },
    { "10/18/2022 20:50:39", 1666126239000 },
    { "09/29/2017 00:00:00", 1506643200000 },
    { "10/18/2022 24:00:00", -1 },
    { "10/18/2022 20:50:3", -1 },
    { "10/18/2022 20:5:039", -1 },
    { "10/18/2022 20:50:39 ", -1 },
    { "18/10/2022 20:50:39", -1 },
    { "", -1 },
    { "2026-02-30T12:00:00Z", -1 },
    { "2026-13-01T12:00:00Z", -1 },
    { "2026-01-31T24:00:00Z", -1 },
    { "2026-01-31T12:00:00+01:00", 1769857200000 },
    { "2026-01-31T12:00:00.5-23:30", 1769945400500 },
    { "2026-01-31T12:00:00+24:00", -1 },
    { "2026-01-31T12:00:00+0100", -1 },
    { "2026-01-31T12:00:00+01:60", -1 },
    { "2026-01-31T12:00:00Zx", -1 },
    { "2026-01-31T12:00", -1 },
    { "12/22/2017 13:14:12 AM", -1 },
    { "12/22/2017 0:14:12 AM", -1 },
    { "22/12/2017 1:14:12 AM", -1 },
    { "12/22/17 1:14:12 AM", -1 },
    { "12/22/2017 1:14:12", -1 },
    { "12/22/2017 111:14:12 AM", -1 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", -1 },
};

Test(timestamp, the_forms_in_which_hubs_wrote_times_are_read_to_the_millisecond)
{
    for (size_t i = 0; i < COUNT(instants); i++) {
        int64_t ms = -1;
        bool ok = timestamp_parse(instants[i].text, &ms);

        cr_expect_eq(ok, instants[i].ms >= 0, "%s", instants[i].text);
        cr_expect_eq(ms, instants[i].ms, "%s: %lld", instants[i].text, (long long)ms);
    }
}

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} rfc3339[] = {
    { "2026-01-31T12:00:00Z", 1769860800000 },
    { "2026-01-31t12:00:00z", 1769860800000 },
    { "2026-01-31 12:00:00Z", 1769860800000 },
    { "2026-01-31T12:00:00.25Z", 1769860800250 },
    { "2026-01-31T13:00:00+01:00", 1769860800000 },
    { "2026-01-31T12:00:00-00:00", 1769860800000 },
    { "2026-01-31T06:30:00.5-05:30", 1769860800500 },
    { "2026-01-31T12:00:00", -1 },
    { "2026-01-31T12:00:00.5", -1 },
    { "2026-01-31T12:00:00.Z", -1 },
    { "2026-01-31T12:00:00.+01:00", -1 },
    { "2026-01-31T12:00:00+0100", -1 },
    { "2026-01-31T12:00:00+01", -1 },
    { "2026-01-31T12:00:00 Z", -1 },
    { "2026-01-31T12:00Z", -1 },
    { "2026-01-31", -1 },
    { "12/22/2017 12:14:12 AM", -1 },
    { "10/18/2022 20:50:39", -1 },
    { "", -1 },
};

Test(timestamp, a_time_that_people_write_needs_a_time_zone)
{
    for (size_t i = 0; i < COUNT(rfc3339); i++) {
        int64_t ms = -1;
        bool ok = timestamp_parse_rfc3339(rfc3339[i].text, &ms);

        cr_expect_eq(ok, rfc3339[i].ms >= 0, "%s", rfc3339[i].text);
        if (ok)
            cr_expect_eq(ms, rfc3339[i].ms, "%s: %lld", rfc3339[i].text, (long long)ms);
    }
}

Test(timestamp, the_public_reader_accepts_the_forms_of_hubs_and_no_other)
{
    int64_t ms = -1;

    cr_expect_not(c2d_time_parse(NULL, &ms));
    cr_expect_not(c2d_time_parse("soon", &ms));
    cr_expect_eq(ms, -1);
    cr_expect(c2d_time_parse("2026-01-31T12:00:00.25", &ms));
    cr_expect_eq(ms, 1769860800250);
}
