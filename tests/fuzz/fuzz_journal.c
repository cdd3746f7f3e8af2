/* Input: a journal. Lines are looked up and marked, and the journal is opened again. */
#define _GNU_SOURCE /* fallocate */
#include "check.h"
#include "cli/c2d-http/batch_journal.h"
#include "cli/c2d-http/batch_settings.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char line[] = "{\"body\":\"x\"}";
static char path[300];
static const struct batch_settings settings = { .device_id = "dev1", .journal = path };
static const struct c2d_error sent = { 0 };
static const struct c2d_error in_doubt = { .status = C2D_UNKNOWN_OUTCOME,
                                           .earlier_try_unanswered = true };

/* Reserving half a MiB takes longer than all else. As on a file system that cannot do it. */
int fallocate(int fd, int mode, off_t start, off_t size)
{
    (void)fd, (void)mode, (void)start, (void)size;
    errno = EOPNOTSUPP;
    return -1;
}

static struct batch_entry find(struct batch_journal *journal)
{
    struct batch_entry entry;
    struct c2d_error error = { 0 };

    CHECK(batch_journal_find(journal, NULL, line, strlen(line), &entry, &error) == C2D_OK);
    CHECK(strlen(entry.id) == 36 && strspn(entry.id, "0123456789abcdef-") == 36);
    return entry;
}

/* What was marked is found in the next run, under the same id. */
static void check_runs(struct batch_journal *journal)
{
    struct batch_entry first = find(journal), second = find(journal), again;
    struct c2d_error error = { 0 };

    CHECK(strcmp(first.id, second.id) != 0);
    CHECK(batch_journal_mark(journal, &first, first.id, &sent, &error) == C2D_OK);
    CHECK(batch_journal_mark(journal, &second, second.id, &in_doubt, &error) == C2D_OK);
    CHECK(batch_journal_close(journal, &error) == C2D_OK);
    CHECK(batch_journal_open(journal, &program_app, &settings, &error) == C2D_OK);
    again = find(journal);
    CHECK(again.is_done && strcmp(again.id, first.id) == 0);
    CHECK(again.is_doubtful == first.is_doubtful);
    again = find(journal);
    CHECK(again.is_doubtful && strcmp(again.id, second.id) == 0);
    CHECK(again.is_done == second.is_done);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct batch_journal journal;
    struct c2d_error error = { 0 }, ignored = { 0 };
    enum c2d_status status;
    char *after;
    size_t after_size;

    snprintf(path, sizeof path, "%s/journal", temporary_folder());
    write_file(path, data, size);
    status = batch_journal_open(&journal, &program_app, &settings, &error);
    if (status == C2D_OK) {
        check_runs(&journal);
    } else {
        CHECK(status == C2D_DATA);
        program_check_error(&error);
    }
    batch_journal_close(&journal, &ignored);
    after = read_file(path, &after_size);
    /* It only grows, and a file that is no journal stays as it is. */
    CHECK(after_size >= size && memcmp(after, data, size) == 0);
    CHECK(status == C2D_OK || after_size == size);
    free(after);
    return 0;
}
