/* Parts of send --batch without input or output: progress, full devices, ids of a broken line. */
#include "../../src/cli/c2d-http/batch_devices.h"
#include "../../src/cli/c2d-http/batch_line.h"
#include "../../src/cli/c2d-http/batch_progress.h"
#include "../../src/cli/c2d-http/batch_rate.h"

#include "../support/alloc.h"
#include "../support/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    struct batch_facts facts;
    int64_t passed_ms;
    const char *text;
} lines[] = {
    { { 0, 0, 0, 10 }, 0, "0 done, 0 failed" },
    { { 1, 0, 1, 10 }, 1000, "1 done, 0 failed" },
    { { 41, 2, 41, -1 }, 2000, "41 done, 2 failed, 20/s" },
    { { 41, 2, 41, 30 }, 2000, "41 done, 2 failed, 20/s, 2 s left" },
    { { 16, 0, 16, 45 }, 10000, "16 done, 0 failed, 1.5/s, 30 s left" },
    { { 4, 0, 4, 120 }, 4500, "4 done, 0 failed, 40/min, 3 min left" },
    { { 5, 0, 2, 90 }, 120000, "5 done, 0 failed, 0/min, 3 h left" },
    { { 900, 0, 11, 10 }, 1000, "900 done, 0 failed, 10/s, 1 s left" },
    { { 900, 0, 11, 0 }, 1000, "900 done, 0 failed, 10/s, 0 s left" },
};

Test(batch, progress_counts_lines_that_took_a_request_and_chooses_its_units)
{
    for (size_t i = 0; i < COUNT(lines); i++) {
        char text[160];

        batch_progress_format(text, sizeof text, &lines[i].facts, lines[i].passed_ms);
        cr_expect_str_eq(text, lines[i].text, "row %zu: %s", i, text);
    }
}

Test(batch, a_device_that_refused_is_tried_again_after_a_minute)
{
    struct batch_devices *devices = calloc(1, sizeof *devices);
    const struct batch_refusal *refusal;

    cr_expect_null(batch_devices_find(devices, 0, 0));
    batch_devices_refuse(devices, 7, 3, C2D_QUEUE_FULL, 1000);
    refusal = batch_devices_find(devices, 7, 60999);
    cr_assert_not_null(refusal);
    cr_expect(refusal->line == 3 && refusal->status == C2D_QUEUE_FULL);
    cr_expect_null(batch_devices_find(devices, 8, 1000));
    cr_expect_null(batch_devices_find(devices, 7, 61000));
    batch_devices_refuse(devices, 7, 9, C2D_NOT_FOUND, 61500);
    refusal = batch_devices_find(devices, 7, 121499);
    cr_expect(refusal != NULL && refusal->line == 9);
    cr_expect_eq(devices->count, 1, "the device must have one entry");
    for (uint64_t i = 0; i < BATCH_DEVICES_MAX; i++)
        batch_devices_refuse(devices, 100 + i, 10, C2D_QUEUE_FULL, 61500);
    cr_expect_null(batch_devices_find(devices, 7, 61500), "the oldest entry must be forgotten");
    cr_expect_not_null(batch_devices_find(devices, 99 + BATCH_DEVICES_MAX, 61500));
    free(devices);
}

Test(batch, refusals_in_one_bucket_are_found_and_replaced_in_any_order)
{
    struct batch_devices *devices = calloc(1, sizeof *devices);

    /* The hashes of a group of four differ only above the number of buckets. */
    for (uint64_t i = 0; i < 2 * BATCH_DEVICES_MAX; i++)
        batch_devices_refuse(devices, i / 4 + i % 4 * BATCH_DEVICES_MAX, (long long)i,
                             C2D_NOT_FOUND, 0);
    for (uint64_t i = 0; i < 2 * BATCH_DEVICES_MAX; i++) {
        const struct batch_refusal *refusal =
            batch_devices_find(devices, i / 4 + i % 4 * BATCH_DEVICES_MAX, 0);

        cr_expect_eq(refusal != NULL, i >= BATCH_DEVICES_MAX, "%d", (int)i);
        cr_expect(refusal == NULL || refusal->line == (long long)i, "%d", (int)i);
    }
    free(devices);
}

static const struct {
    const char *line, *device_id; /* NULL: none is found */
} broken[] = {
    { "{\"deviceId\":\"a\",\"body\":1}", "a" },
    { " { \"x\" : [ {\"deviceId\":\"no\"}, \"]\" ] , \"deviceId\" : \"a\" ", "a" },
    { "{\"x\":\"\\\\\\\"\",\"deviceId\":\"\\u0061\\\"b\"", "a\"b" },
    { "{\"x\":1.5e3,\"deviceId\":\"a\"} and more", "a" },
    { "{\"deviceId\":\"a\",\"deviceId\":\"b\"}", "a" },
    { "{\"body\":\"say \"deviceId\":\"no\"\",\"deviceId\":\"a\"}", NULL },
    { "{\"body\":\"deviceId\",\"x\":{\"deviceId\":\"no\"}}", NULL },
    { "{\"deviceId\":\"cut", NULL },
    { "{\"deviceId\":7}", NULL },
    { "{\"deviceId\":", NULL },
    { "{\"deviceId", NULL },
    { "{\"x\":[\"", NULL },
    { "{\"x\":\"\\", NULL },
    { "{", NULL },
    { "[\"deviceId\",\"a\"]", NULL },
    { "", NULL },
};

Test(batch, a_broken_line_names_its_device_and_message_if_they_precede_the_error)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        size_t size = strlen(broken[i].line);
        char *line = malloc(size + 1), *id; /* a copy: sanitizers find a read past its end */

        memcpy(line, broken[i].line, size);
        line = realloc(line, size > 0 ? size : 1);
        id = batch_line_text(line, size, "deviceId");
        if (broken[i].device_id == NULL)
            cr_expect_null(id, "row %zu: %s", i, id);
        else
            cr_expect(id != NULL && strcmp(id, broken[i].device_id) == 0, "row %zu: %s", i, id);
        free(id);
        free(line);
    }
    cr_expect_null(batch_line_text("{\0\"deviceId\":\"a\"}", 17, "deviceId"), "a NUL is no blank");
    for (size_t n = 0; alloc_next(&n);) {
        char *id;

        alloc_fail_at(n, false);
        id = batch_line_text("{\"deviceId\":\"a\"}", 16, "deviceId");
        cr_expect_eq(id == NULL, alloc_stop(), "allocation %zu", n);
        free(id);
    }
}

Test(batch, a_rate_is_a_number_of_lines_in_a_second_or_a_minute)
{
    static const char *const wrong[] = { "", "/s", "5", "0/s", "5/h", "5 /s", "-1/s", "1234567/s" };
    struct batch_rate rate = { 0 };

    cr_expect_eq(batch_rate_wait_ms(&rate), 0);
    cr_assert(batch_rate_parse(&rate, "90/m"));
    cr_expect_eq(rate.interval_us, 666666);
    cr_assert(batch_rate_parse(&rate, "2/s"));
    cr_expect_eq(rate.interval_us, 500000);
    cr_expect_eq(batch_rate_wait_ms(&rate), 0);
    batch_rate_take(&rate);
    cr_expect(batch_rate_wait_ms(&rate) > 0 && batch_rate_wait_ms(&rate) <= 500);
    for (size_t i = 0; i < COUNT(wrong); i++)
        cr_expect_not(batch_rate_parse(&rate, wrong[i]), "%s", wrong[i]);
}
