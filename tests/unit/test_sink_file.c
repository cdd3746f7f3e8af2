/* Records that are appended to a file: what is repaired before one, and what is left after a
 * failure. */
#define _GNU_SOURCE /* F_ADD_SEALS */
#include "../support/folder.h"
#include "../support/table.h"
#include "cli/common/app.h"
#include "cli/common/sink_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define RECORD "{\"v\":1,\"n\":2}"

static const struct app app = { .common.quiet = true };

TestSuite(sink_file, .init = folder_enter, .fini = folder_leave);

/* Makes the file "log" with this text, and a sink for it. */
static struct sink sink_for(const char *text, int flags)
{
    FILE *file = fopen("log", "w");

    cr_assert_not_null(file);
    cr_assert(fputs(text, file) >= 0);
    cr_assert_eq(fclose(file), 0);
    return (struct sink) { .app = &app, .path = "log", .heals = true, .fd = open("log", flags) };
}

static bool put(const struct sink *sink)
{
    return sink_file_put(sink, RECORD "\n", sizeof RECORD, INT64_MAX);
}

static void expect_contents(const char *expected, const char *row)
{
    char text[8192] = "";
    FILE *file = fopen("log", "r");

    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_str_eq(text, expected, "after '%.40s': '%.80s'", row, text);
}

Test(sink_file, last_line_is_cut_off_if_it_is_a_torn_record_and_else_completed)
{
    static const struct {
        const char *before, *kept;
    } rows[] = {
        { "", "" },
        { "old\n", "old\n" },
        { "old\n{\"v\":1,\"a\":\"}", "old\n" },
        { "old\n{\"v\":1,\"a\":\"\\\"}", "old\n" },
        { "{\"v\":1,\"a\":{}", "" },
        { "old\n{\"v\":1,\"a\":1}", "old\n{\"v\":1,\"a\":1}\n" },
        { "old\n{\"v\":1,\"a\":1} \t\r", "old\n{\"v\":1,\"a\":1} \t\r\n" },
        { "old\n{\"v\":1,\"a\":1} x", "old\n{\"v\":1,\"a\":1} x\n" },
        { "old\n{\"v\":2,\"a\":", "old\n{\"v\":2,\"a\":\n" },
        { "no record", "no record\n" },
        { "{\"v\"", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sink sink = sink_for(rows[i].before, O_RDWR | O_APPEND);
        char expected[128];
        size_t before = strlen(rows[i].before), kept = strlen(rows[i].kept);
        off_t end = sink_file_end(sink.fd);

        cr_expect(put(&sink), "row %zu: %s", i, strerror(errno));
        snprintf(expected, sizeof expected, "%s" RECORD "\n", rows[i].kept);
        expect_contents(expected, rows[i].before);
        cr_expect_eq(end, (off_t)(kept < before ? kept : before), "row %zu", i);
        close(sink.fd);
    }
}

Test(sink_file, torn_record_longer_than_a_block_is_cut_off)
{
    char text[6000];
    struct sink sink;

    memset(text, 'x', sizeof text);
    memcpy(text, "old\n{\"v\":1,\"a\":\"", 16);
    text[sizeof text - 1] = '\0';
    sink = sink_for(text, O_RDWR | O_APPEND);
    cr_expect_eq(sink_file_end(sink.fd), 4);
    cr_expect(put(&sink));
    expect_contents("old\n" RECORD "\n", "a long line");
    close(sink.fd);
}

Test(sink_file, record_is_removed_when_it_is_late_and_only_from_the_end)
{
    struct sink sink = sink_for("old\n", O_RDWR | O_APPEND);

    cr_expect_not(sink_file_put(&sink, RECORD "\n", sizeof RECORD, 0));
    cr_expect_eq(errno, ETIMEDOUT);
    expect_contents("old\n", "an appended record");
    close(sink.fd);
    sink = sink_for("0123456789abcdef\n", O_RDWR);
    cr_expect_not(sink_file_put(&sink, RECORD "\n", sizeof RECORD, 0));
    expect_contents(RECORD "\nef\n", "a record in the middle");
    close(sink.fd);
    sink = sink_for("", O_RDWR);
    cr_expect_not(sink_file_put(&sink, RECORD "\n", sizeof RECORD, 0));
    cr_expect(put(&sink), "the next record has the place of the late one");
    expect_contents(RECORD "\n", "a record at the end");
    close(sink.fd);
}

Test(sink_file, part_of_a_record_is_removed_when_there_is_no_space)
{
    struct rlimit limit = { 10, RLIM_INFINITY };
    struct sink sink = sink_for("old\n", O_RDWR | O_APPEND);

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_not(put(&sink));
    cr_expect_eq(errno, EFBIG);
    expect_contents("old\n", "a full disk");
    close(sink.fd);
}

Test(sink_file, reason_of_a_failure_is_kept_when_the_record_cannot_be_removed)
{
    struct sink sink = { .app = &app, .heals = true, .fd = memfd_create("log", MFD_ALLOW_SEALING) };

    cr_assert_eq(fcntl(sink.fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    cr_expect_not(sink_file_put(&sink, RECORD "\n", sizeof RECORD, 0));
    cr_expect_eq(errno, ETIMEDOUT);
    close(sink.fd);
}

Test(sink_file, file_that_cannot_be_repaired_or_synced_is_an_error)
{
    static const struct {
        const char *what, *text;
        int flags, reason;
    } rows[] = {
        { "it cannot be read", "old\n", O_WRONLY | O_APPEND, EBADF },
        { "it cannot be cut", "{\"v\":1,", O_RDONLY, EINVAL },
        { "its last line cannot be completed", "other", O_RDONLY, EBADF },
        { "no record can be written", "old\n", O_RDONLY, EBADF },
    };
    struct sink unopened = { .app = &app, .heals = true, .fd = -1 }, pipe_end = { .app = &app };
    int ends[2];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sink sink = sink_for(rows[i].text, rows[i].flags);

        cr_expect_not(put(&sink), "%s", rows[i].what);
        cr_expect_eq(errno, rows[i].reason, "%s: %s", rows[i].what, strerror(errno));
        expect_contents(rows[i].text, rows[i].what);
        close(sink.fd);
    }
    cr_expect_not(put(&unopened));
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(sink_file_end(-1), -1);
    cr_assert_eq(pipe(ends), 0);
    pipe_end.fd = ends[1];
    cr_expect_not(put(&pipe_end), "a pipe cannot be synced");
    cr_expect_eq(errno, EINVAL);
}

Test(sink_file, end_of_a_file_that_cannot_be_read_is_unknown)
{
    struct sink sink = sink_for("old\n", O_WRONLY);

    cr_expect_eq(sink_file_end(sink.fd), -1);
    cr_expect_eq(errno, EBADF);
    close(sink.fd);
}
