/* Stored messages: which file is taken for the same message, and that no file is replaced. */
#define _GNU_SOURCE /* O_PATH */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "../support/table.h"
#include "cli/c2d-device/spool_file.h"
#include "cli/c2d-device/spool_name.h"
#include "cli/common/exit_status.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLE                                                                                     \
    .body = "body", .body_size = 4, .message_id = "m", .correlation_id = "c", .user_id = "u",      \
    .to = "/to", .content_type = "a/b", .content_encoding = "gzip", .sequence_number = "7",        \
    .delivery_count = -1, .lock_deadline_s = 60, .device_id = "d"

static const struct c2d_property pairs[] = { { "a", "1" }, { "b", "2" } };
static const struct c2d_message sample = { SAMPLE, .lock_token = "t", .properties = pairs,
                                           .property_count = 2 };
static const struct app app = { .common.quiet = true };
static int from, to;

/* The folders "tmp" and "new" of the tests are in the current one. */
static void set_up(void)
{
    folder_enter();
    folder_run("mkdir tmp new");
    from = open("tmp", O_RDONLY | O_DIRECTORY);
    to = open("new", O_RDONLY | O_DIRECTORY);
}

TestSuite(spool_file, .init = set_up, .fini = folder_leave);

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file);
    cr_assert(fputs(text, file) >= 0);
    cr_assert_eq(fclose(file), 0);
}

static void write_message(const char *path, const struct c2d_message *message)
{
    char *line = c2d_message_to_json(message, true);

    write_text(path, line);
    free(line);
}

/* Moves the file "tmp/draft", which contains message, to "new/name.json". */
static enum spool_moved move_to(int folder, const struct c2d_message *message)
{
    return spool_file_move(&app, ".", &(struct spool_place) { from, "draft" },
                           &(struct spool_place) { folder, "name.json" }, message);
}

static enum spool_moved move(const struct c2d_message *message)
{
    return move_to(to, message);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum c2d_status load(const char *name)
{
    enum c2d_status status = C2D_OK;
    struct c2d_message *message = spool_file_load(to, name, &status);

    cr_expect_eq(message == NULL, status != C2D_OK, "%s", name);
    c2d_message_free(message);
    return status;
}

/* ---- Which message a file holds ---- */

Test(spool_file, message_is_known_whatever_its_delivery_and_the_order_of_its_properties)
{
    static const struct c2d_property turned[] = { { "b", "2" }, { "a", "1" } };
    static const struct c2d_message again = { SAMPLE, .lock_token = "other", .properties = turned,
                                              .property_count = 2 };

    write_message("tmp/draft", &sample);
    cr_assert_eq(move(&sample), SPOOL_MOVED);
    cr_expect_not(exists("tmp/draft"));
    cr_expect_eq(load("name.json"), C2D_OK);
    write_message("tmp/draft", &again);
    cr_expect_eq(move(&again), SPOOL_KNOWN);
    cr_expect(exists("tmp/draft"), "a known message is not moved");
    cr_expect_not(exists("new/name_2.json"));
}

Test(spool_file, message_that_differs_in_anything_from_its_sender_gets_a_numbered_name)
{
    static const struct c2d_property one[] = { { "a", "1" } },
                                     value[] = { { "a", "1" }, { "b", "3" } },
                                     name[] = { { "a", "1" }, { "c", "2" } };
    struct c2d_message rows[] = {
        { SAMPLE, .properties = one, .property_count = 1 },
        { SAMPLE, .properties = value, .property_count = 2 },
        { SAMPLE, .properties = name, .property_count = 2 },
        sample,
        sample,
        sample,
        sample,
        sample,
        sample,
        sample,
        sample,
        sample,
        sample,
    };

    rows[3].body = "BODY";
    rows[4].body_size = 3;
    rows[5].body_size = 0;
    rows[6].message_id = "M";
    rows[7].correlation_id = "C";
    rows[8].user_id = "U";
    rows[9].to = NULL;
    rows[10].content_type = "A/b";
    rows[11].content_encoding = "";
    rows[12].message_id = NULL;
    write_message("new/name.json", &sample);
    for (size_t i = 0; i < COUNT(rows); i++) {
        rows[i].lock_token = "t";
        write_message("tmp/draft", &rows[i]);
        cr_expect_eq(move(&rows[i]), SPOOL_MOVED, "row %zu", i);
        cr_expect_eq(unlink("new/name_2.json"), 0, "row %zu", i);
        /* And the reverse: a text that only the stored message has. */
        write_message("tmp/draft", &rows[i]);
        write_message("new/name.json", &rows[i]);
        cr_expect_eq(move(&sample), SPOOL_MOVED, "row %zu, reversed", i);
        cr_expect_eq(unlink("new/name_2.json"), 0, "row %zu, reversed", i);
        write_message("new/name.json", &sample);
    }
}

Test(spool_file, empty_bodies_are_equal)
{
    static const struct c2d_message empty = {
        .lock_token = "t", .delivery_count = -1, .lock_deadline_s = 60, .device_id = "d"
    };

    write_message("new/name.json", &empty);
    write_message("tmp/draft", &empty);
    cr_expect_eq(move(&empty), SPOOL_KNOWN);
}

Test(spool_file, message_that_may_not_be_unique_is_never_known)
{
    write_message("new/name.json", &sample);
    write_message("tmp/draft", &sample);
    cr_expect_eq(move(NULL), SPOOL_MOVED);
    cr_expect(exists("new/name_2.json"));
}

/* ---- Errors: no file is removed or replaced ---- */

Test(spool_file, file_that_is_no_message_is_a_data_error_and_keeps_its_name)
{
    static const char *const texts[] = { "", "junk", "{}", "{\"v\":1}" };

    for (size_t i = 0; i < COUNT(texts); i++) {
        write_text("new/name.json", texts[i]);
        cr_expect_eq(load("name.json"), C2D_DATA, "'%s'", texts[i]);
        write_message("tmp/draft", &sample);
        cr_expect_eq(move(&sample), SPOOL_MOVED, "'%s'", texts[i]);
        cr_expect_eq(unlink("new/name_2.json"), 0, "'%s'", texts[i]);
    }
    folder_run("truncate -s 1T new/name.json");
    cr_expect_eq(load("name.json"), C2D_DATA, "a file that is longer than any message");
}

Test(spool_file, file_that_cannot_be_read_is_an_io_error_and_ends_the_move)
{
    cr_expect_eq(load("missing.json"), STATUS_IO);
    cr_expect_eq(errno, ENOENT);
    folder_run("mkdir new/folder.json");
    cr_expect_eq(load("folder.json"), STATUS_IO);
    cr_expect_eq(errno, EISDIR);
    cr_assert_eq(symlink("elsewhere", "new/name.json"), 0);
    cr_expect_eq(load("name.json"), STATUS_IO);
    write_message("tmp/draft", &sample);
    cr_expect_eq(move(&sample), SPOOL_NOT_MOVED);
    cr_expect_eq(errno, ELOOP);
    cr_expect(exists("tmp/draft"));
}

Test(spool_file, move_ends_when_there_is_no_source_or_no_free_name)
{
    cr_expect_eq(move(&sample), SPOOL_NOT_MOVED);
    cr_expect_eq(errno, ENOENT);
    folder_run("cd new && touch name.json $(seq -f name_%g.json 2 999)");
    write_message("tmp/draft", &sample);
    cr_expect_eq(move(&sample), SPOOL_NOT_MOVED);
    cr_expect(exists("tmp/draft"));
}

Test(spool_file, file_whose_new_name_cannot_be_synced_goes_back)
{
    int unsynced = open("new", O_PATH | O_DIRECTORY);

    write_message("tmp/draft", &sample);
    cr_expect_eq(move_to(unsynced, &sample), SPOOL_NOT_MOVED);
    cr_expect_eq(errno, EBADF);
    cr_expect(exists("tmp/draft"));
    cr_expect_not(exists("new/name.json"));
    cr_assert_eq(move(&sample), SPOOL_MOVED);
    write_message("tmp/draft", &sample);
    cr_expect_eq(move_to(unsynced, &sample), SPOOL_NOT_MOVED, "a known message is synced again");
    close(unsynced);
}

Test(spool_file, failed_allocation_is_reported_as_such_and_moves_nothing)
{
    write_message("new/name.json", &sample);
    write_message("tmp/draft", &sample);
    for (size_t n = 0; alloc_next(&n);) {
        enum c2d_status status;
        bool failed;

        alloc_fail_at(n, false);
        status = load("name.json");
        failed = alloc_stop();
        cr_expect_eq(status, failed ? C2D_OS : C2D_OK, "allocation %zu: %d", n, status);
    }
    for (size_t n = 0; alloc_next(&n);) {
        enum spool_moved moved;
        bool failed;
        int problem;

        alloc_fail_at(n, false);
        moved = move(&sample);
        problem = errno;
        failed = alloc_stop();
        cr_expect_eq(moved, failed ? SPOOL_NOT_MOVED : SPOOL_KNOWN, "allocation %zu: %d", n, moved);
        cr_expect(!failed || problem == ENOMEM, "allocation %zu: %s", n, strerror(problem));
        cr_expect_not(exists("new/name_2.json"), "allocation %zu", n);
    }
}
