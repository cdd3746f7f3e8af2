/* The journal of a batch where the disk is full, memory is short or the file cannot be used. */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "../support/script.h"
#include "cli/c2d-http/batch_journal.h"
#include "cli/common/exit_status.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct batch_settings settings = { .journal = "journal" };
static struct script script;
static struct app app = { .common.quiet = true };
static struct batch_journal journal;

static void set_up(void)
{
    folder_enter();
    signal(SIGXFSZ, SIG_IGN);
    app.client = client_for_test(&script, SERVICE_STRING);
}

static void tear_down(void)
{
    c2d_client_free(app.client);
    folder_leave();
}

TestSuite(batch_journal, .init = set_up, .fini = tear_down);

static enum c2d_status open_it(void)
{
    struct c2d_error error = { 0 };

    return batch_journal_open(&journal, &app, &settings, &error);
}

static enum c2d_status find(const char *line, struct batch_entry *entry)
{
    return batch_journal_find(&journal, NULL, line, strlen(line), entry, NULL);
}

/* Notes that the line was enqueued. */
static enum c2d_status mark(const struct batch_entry *entry)
{
    return batch_journal_mark(&journal, entry, entry->id, &(struct c2d_error) { .status = C2D_OK },
                              NULL);
}

static void expect_done(const char *line, bool is_done)
{
    struct batch_entry entry;

    cr_assert_eq(open_it(), C2D_OK);
    cr_assert_eq(find(line, &entry), C2D_OK);
    cr_expect_eq(entry.is_done, is_done, "%s", line);
    cr_assert_eq(batch_journal_close(&journal, NULL), C2D_OK);
}

static off_t size_of_file(void)
{
    struct stat file;

    cr_assert_eq(stat("journal", &file), 0);
    return file.st_size;
}

/* Files end at this size: the disk is full. */
static void limit_files(rlim_t size)
{
    struct rlimit limit = { size, RLIM_INFINITY };

    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(batch_journal, entry_after_one_that_was_cut_by_a_full_disk_is_read)
{
    struct batch_entry cut, whole;

    cr_assert_eq(open_it(), C2D_OK);
    cr_assert_eq(find("cut", &cut), C2D_OK);
    cr_assert_eq(find("whole", &whole), C2D_OK);
    limit_files((rlim_t)size_of_file() + 30);
    cr_expect_eq(mark(&cut), STATUS_IO);
    cr_expect_eq(errno, ENOSPC);
    cr_expect_eq(mark(&cut), STATUS_IO, "there is no space for a newline");
    limit_files(RLIM_INFINITY);
    cr_expect_eq(mark(&whole), C2D_OK);
    cr_assert_eq(batch_journal_close(&journal, NULL), C2D_OK);
    expect_done("whole", true);
    expect_done("cut", false);
}

Test(batch_journal, batch_does_not_begin_when_its_journal_has_no_space)
{
    FILE *file;

    limit_files(0);
    cr_expect_eq(open_it(), STATUS_IO, "there is no space for the first line");
    batch_journal_close(&journal, NULL);
    limit_files(5);
    cr_expect_eq(open_it(), STATUS_IO, "there is space for its beginning");
    batch_journal_close(&journal, NULL);
    cr_assert_eq(unlink("journal"), 0);
    limit_files(RLIM_INFINITY);
    cr_assert_eq(open_it(), C2D_OK);
    batch_journal_close(&journal, NULL);
    file = fopen("journal", "a");
    cr_assert_not_null(file);
    fputs("torn", file);
    fclose(file);
    limit_files((rlim_t)size_of_file());
    cr_expect_eq(open_it(), STATUS_IO, "there is no space for the end of a torn line");
    batch_journal_close(&journal, NULL);
    limit_files(RLIM_INFINITY);
    expect_done("line", false);
}

Test(batch_journal, journal_that_cannot_be_synced_at_the_end_is_an_error)
{
    struct batch_entry entry;
    int ends[2];

    cr_assert_eq(open_it(), C2D_OK);
    cr_assert_eq(find("line", &entry), C2D_OK);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(dup2(ends[1], journal.fd), journal.fd);
    cr_expect_eq(batch_journal_close(&journal, NULL), STATUS_IO);
}

Test(batch_journal, failed_allocation_is_reported_as_such)
{
    struct batch_entry entry;

    cr_assert_eq(open_it(), C2D_OK);
    for (int i = 0; i < 3000; i++) {
        char line[16];

        snprintf(line, sizeof line, "%d", i);
        cr_assert_eq(find(line, &entry), C2D_OK);
        cr_assert_eq(mark(&entry), C2D_OK);
    }
    cr_assert_eq(batch_journal_close(&journal, NULL), C2D_OK);
    for (size_t n = 0; alloc_next(&n);) {
        enum c2d_status status;
        bool failed;

        alloc_fail_at(n, false);
        status = open_it();
        failed = alloc_stop();
        cr_expect(failed ? status == C2D_OS || status == STATUS_IO : status == C2D_OK,
                  "allocation %zu: %d", n, status);
        batch_journal_close(&journal, NULL);
    }
    cr_assert_eq(unlink("journal"), 0);
    cr_assert_eq(open_it(), C2D_OK);
    alloc_fail_at(1, false);
    cr_expect_eq(find("line", &entry), C2D_OS);
    cr_expect(alloc_stop());
    batch_journal_close(&journal, NULL);
}
