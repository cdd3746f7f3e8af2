/* Following a file that others write, empty, cut and move. */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "cli/c2d-http/tail.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct tail tail;

static void set_up(void)
{
    folder_enter();
    folder_run("printf '{}\\n{\"v\":1,\"t\":' >log");
}

TestSuite(tail, .init = set_up, .fini = folder_leave);

/* Checks the next line; NULL: there is none yet. */
static void expect_line(const char *expected)
{
    const char *line = tail_next(&tail);

    if (expected == NULL)
        cr_expect(line == NULL && errno == 0, "got '%s', errno %d", line == NULL ? "" : line,
                  errno);
    else if (line == NULL)
        cr_expect_fail("no line instead of '%s', errno %d", expected, errno);
    else
        cr_expect_str_eq(line, expected);
}

Test(tail, complete_lines_after_the_start_are_returned)
{
    cr_assert(tail_open(&tail, "log"));
    expect_line(NULL);
    folder_run("printf ' one\\ntwo\\nthr' >>log");
    expect_line("{\"v\":1,\"t\": one");
    expect_line("two");
    expect_line(NULL);
    folder_run("printf 'ee\\n' >>log");
    expect_line("three");
    expect_line(NULL);
    tail_close(&tail);
    tail_close(&tail);
}

Test(tail, file_that_was_emptied_is_read_from_its_start)
{
    folder_run("seq 1000 >log"); /* longer than a mark */
    cr_assert(tail_open(&tail, "log"));
    folder_run("echo new >log");
    expect_line("new");
    expect_line(NULL);
    folder_run("seq 2000 >log"); /* and is longer than before */
    expect_line("1");
    tail_close(&tail);
}

Test(tail, reading_restarts_at_the_first_mark_when_later_lines_were_cut_off)
{
    cr_assert(tail_open(&tail, "log"));
    folder_run("printf '\\ncut\\n' >>log");
    expect_line("{\"v\":1,\"t\":");
    expect_line("cut");
    expect_line(NULL);
    folder_run("printf '{}\\n{\"v\":1,\"t\":\\nnew\\n' >log");
    expect_line("{\"v\":1,\"t\":");
    expect_line("new");
    tail_close(&tail);
}

Test(tail, file_that_was_moved_is_read_to_its_end_and_then_the_new_one)
{
    cr_assert(tail_open(&tail, "log"));
    folder_run("mv log old && printf ' line\\n' >>old");
    expect_line("{\"v\":1,\"t\": line");
    expect_line(NULL);
    folder_run("echo last >>old; echo first >log");
    expect_line("last");
    expect_line("first");
    expect_line(NULL);
    tail_close(&tail);
}

Test(tail, line_longer_than_any_batch_is_no_record)
{
    cr_assert(tail_open(&tail, "log"));
    folder_run("head -c 9000000 /dev/zero >>log; printf '\\nnext\\n' >>log");
    cr_expect_not_null(tail_next(&tail)); /* the end of the long line */
    expect_line("next");
    expect_line(NULL);
    tail_close(&tail);
}

Test(tail, file_that_cannot_be_opened_is_an_error)
{
    cr_expect_not(tail_open(&tail, "missing"));
    cr_expect_eq(errno, ENOENT);
    tail_close(&tail);
    cr_expect_not(tail_open(&tail, "."), "a folder has no lines");
    tail_close(&tail);
    alloc_fail_at(1, false);
    cr_expect_not(tail_open(&tail, "log"));
    cr_expect(alloc_stop());
    cr_expect_eq(errno, ENOMEM);
    tail_close(&tail);
}

Test(tail, file_that_cannot_be_read_is_an_error_with_its_reason)
{
    int other;

    cr_assert(tail_open(&tail, "log"));
    other = open(".", O_RDONLY);
    cr_assert_eq(dup2(other, tail.fd), tail.fd);
    cr_expect_null(tail_next(&tail));
    cr_expect_eq(errno, EISDIR);
    cr_assert_eq(close(tail.fd), 0);
    cr_expect_null(tail_next(&tail));
    cr_expect_eq(errno, EBADF);
    tail.fd = -1;
    tail_close(&tail);
}

Test(tail, new_file_that_cannot_be_opened_is_an_error_and_is_tried_again)
{
    struct rlimit limit, none;

    cr_assert(tail_open(&tail, "log"));
    folder_run("mv log old && echo first >log");
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_expect_null(tail_next(&tail));
    cr_expect_eq(errno, EMFILE);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_line("first");
    tail_close(&tail);
}
