#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/c2d-unit-XXXXXX";

void folder_enter(void)
{
    cr_assert_not_null(mkdtemp(path));
    cr_assert_eq(chdir(path), 0);
}

void folder_leave(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", path);
    folder_run(command);
}

void folder_run(const char *command)
{
    cr_assert_eq(system(command), 0, "%s", command);
}
