/* Secrets in a folder: written for the owner alone, read only if nobody else could write. */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "../support/table.h"
#include "http/cache_file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The files of the tests are in this folder, which is the current one. */
static void set_up(void)
{
    folder_enter();
    cr_assert_eq(mkdir("dir", 0700), 0);
}

TestSuite(cache_file, .init = set_up, .fini = folder_leave);

static bool write_text(const char *text)
{
    struct buf data = { 0 };
    struct c2d_error error;
    bool ok;

    buf_text(&data, text);
    ok = cache_file_write("dir", "file", &data, &error);
    cr_expect_eq(ok, *error.text == '\0', "%s", error.text);
    buf_clear(&data);
    return ok;
}

/* True if dir/file holds this text. */
static bool reads(const char *text, char why[512])
{
    struct buf data = { 0 };
    struct c2d_error error;
    bool ok = cache_file_read("dir", "file", &data, &error);

    snprintf(why, 512, "%s", error.text);
    if (ok)
        ok = data.size == strlen(text) && memcmp(data.data, text, data.size) == 0;
    buf_clear(&data);
    return ok;
}

Test(cache_file, last_written_contents_are_read_and_the_file_is_for_its_owner_alone)
{
    struct stat status;
    char why[512];

    umask(0);
    cr_expect(!reads("", why));
    cr_expect_not_null(strstr(why, "No such file"), "%s", why);
    cr_assert(write_text("one"));
    cr_assert(write_text("another one"));
    cr_expect(reads("another one", why), "%s", why);
    cr_assert_eq(stat("dir/file", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0600);
    cr_expect_neq(access("dir/file.new", F_OK), 0);
    cache_file_remove("dir", "file");
    cr_expect_neq(access("dir/file", F_OK), 0);
}

#define NAME "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

Test(cache_file, old_files_of_the_cache_are_removed_and_no_others)
{
    static const struct {
        const char *name, *touched;
        bool removed;
    } rows[] = {
        { NAME "0", "25 hours ago", true },
        { NAME "1", "23 hours ago", false },
        { NAME "2", "now", false },
        { NAME "3", "25 hours", true },
        { NAME "4.new", "25 hours ago", true },
        { NAME "5.new", "now", false },
        { NAME "6.old", "25 hours ago", false },
        { NAME, "25 hours ago", false },
        { NAME "G", "25 hours ago", false },
        { "notes", "25 hours ago", false },
    };
    int64_t now_s = time(NULL);
    char command[200];

    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(command, sizeof command, "umask 077; touch -d '%s' dir/%s", rows[i].touched,
                 rows[i].name);
        folder_run(command);
    }
    folder_run("ln -s nothing dir/" NAME "7; touch -h -d '25 hours ago' dir/" NAME "7");
    cache_file_remove_old("dir", now_s - 86400, now_s + 86400);
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(command, sizeof command, "dir/%s", rows[i].name);
        cr_expect_eq(access(command, F_OK) != 0, rows[i].removed, "%s of %s", rows[i].name,
                     rows[i].touched);
    }
    folder_run("test -L dir/" NAME "7");
    folder_run("chmod 755 dir");
    cache_file_remove_old("dir", now_s + 86400, now_s + 86400);
    folder_run("test -e dir/" NAME "2");
}

/* Only root can create a file of another user. */
static bool is_skipped(const char *command)
{
    return strstr(command, "chown") != NULL && geteuid() != 0;
}

Test(cache_file, folder_that_others_may_use_is_not_used)
{
    static const struct {
        const char *dir, *command, *why; /* NULL: accepted */
    } rows[] = {
        { "dir", "true", NULL },
        { "dir///", "true", NULL },
        { "new", "true", NULL },
        { "new", "umask 0; true", NULL },
        { "dir", "chmod 710 dir", "other users have access" },
        { "dir", "chmod 704 dir", "other users have access" },
        { "dir", "chmod 701 dir", "other users have access" },
        { "dir", "chown 65534 dir", "another user" },
        { "link", "ln -s dir link", "link" },
        { "link/", "ln -s dir link", "link" },
        { "file", "umask 077; touch file", "not a folder" },
        { "none/dir", "true", "No such file" },
        { "", "true", "No such file" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct c2d_error error;
        enum c2d_status status;

        if (is_skipped(rows[i].command))
            continue;
        folder_run("rm -rf dir link file new; mkdir -m 700 dir");
        folder_run(rows[i].command);
        status = cache_file_check_dir(rows[i].dir, &error);
        cr_expect_eq(status, rows[i].why == NULL ? C2D_OK : C2D_CONFIG, "row %zu", i);
        cr_expect_not_null(strstr(error.text, rows[i].why == NULL ? "" : rows[i].why),
                           "row %zu: %s", i, error.text);
    }
}

Test(cache_file, missing_folder_is_created_for_its_owner_alone)
{
    struct stat status;

    umask(0);
    cr_assert_eq(cache_file_check_dir("new", NULL), C2D_OK);
    cr_assert_eq(stat("new", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0700);
}

Test(cache_file, file_that_others_may_have_written_is_not_read)
{
    static const struct {
        const char *command, *why;
    } rows[] = {
        { "chmod 640 dir/file", "other users have access" },
        { "chmod 602 dir/file", "other users have access" },
        { "chown 65534 dir/file", "another user" },
        { "mv dir/file dir/other; ln -s other dir/file", "link" },
        { "mv dir/file other; ln -s ../other dir/file", "link" },
        { "ln dir/file other", "second name" },
        { "rm dir/file; mkdir -m 700 dir/file", "cannot be read" },
        { "rm dir/file; mkfifo -m 600 dir/file", "not a regular file" },
        { "head -c 65537 /dev/zero >dir/file", "too long" },
        { "chmod 750 dir", "other users have access" },
        { "mv dir real; ln -s real dir", "link" },
        { "chown 65534 dir", "another user" },
    };
    char why[512];

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (is_skipped(rows[i].command))
            continue;
        folder_run("rm -rf dir real other; mkdir -m 700 dir");
        cr_assert(write_text("kept"));
        cr_assert(reads("kept", why), "row %zu: %s", i, why);
        folder_run(rows[i].command);
        cr_expect(!reads("kept", why), "row %zu: it was read", i);
        cr_expect_not_null(strstr(why, rows[i].why), "row %zu: %s", i, why);
    }
}

Test(cache_file, file_or_link_in_the_way_is_replaced_and_not_followed)
{
    char why[512];

    folder_run("echo mine >victim; ln -s ../victim dir/file; ln -s ../victim dir/file.new");
    cr_assert(write_text("kept"));
    cr_expect(reads("kept", why), "%s", why);
    folder_run("grep -qx mine victim");
}

Test(cache_file, failed_write_leaves_the_old_contents)
{
    char why[512];

    cr_assert(write_text("kept"));
    signal(SIGXFSZ, SIG_IGN);
    /* Space for a part, and for nothing. */
    for (size_t i = 0; i < 2; i++) {
        struct rlimit limit = { i == 0 ? 4 : 0, RLIM_INFINITY };

        cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        cr_expect(!write_text("longer than 4 bytes"));
        cr_expect(reads("kept", why), "%s", why);
        cr_expect_neq(access("dir/file.new", F_OK), 0, "no temporary file must be left");
    }
}

Test(cache_file, folder_of_another_user_is_not_written_to)
{
    folder_run("chmod 750 dir");
    cr_expect(!write_text("kept"));
    cache_file_remove("dir", "file");
    folder_run("rmdir dir");
    cr_expect(!write_text("kept"));
}

Test(cache_file, folder_with_the_name_of_a_file_is_not_replaced)
{
    folder_run("mkdir -p dir/file.new/x");
    cr_expect(!write_text("kept"));
    folder_run("rmdir dir/file.new/x dir/file.new && mkdir -p dir/file/x");
    cr_expect(!write_text("kept"));
    folder_run("test -d dir/file/x -a ! -e dir/file.new");
}

Test(cache_file, path_that_is_no_folder_of_ours_is_refused)
{
    static char path[5000];
    struct buf data = { 0 };
    struct c2d_error error;

    cr_expect_eq(cache_file_check_dir("/", &error), C2D_CONFIG);
    memset(path, 'x', sizeof path - 1);
    cr_expect(!cache_file_read(path, "file", &data, &error));
    cr_expect_not_null(strstr(error.text, "No such file"), "%s", error.text);
}

Test(cache_file, failed_allocation_is_a_file_that_cannot_be_read)
{
    char why[512];

    cr_assert(write_text("kept"));
    alloc_fail_at(1, false);
    cr_expect(!reads("kept", why));
    cr_expect(alloc_stop());
    cr_expect(reads("kept", why), "%s", why);
}
