/* Blanks erase the old text. The cursor stays at the left end, so that output of other programs
 * starts there. */
#define _DEFAULT_SOURCE /* struct winsize */
#include "status_line.h"

#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, COLUMNS_MAX = 200 };

/* One column less: some terminals wrap after the last one. */
static size_t room(void)
{
    const char *variable = getenv("COLUMNS");
    struct winsize window = { 0 };
    long long columns = 0;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0)
        columns = window.ws_col;
    if (columns == 0 && variable != NULL)
        (void)text_to_number(variable, INT_MAX, &columns);
    if (columns == 0)
        columns = COLUMNS_DEFAULT;
    return (size_t)(columns < COLUMNS_MAX ? columns : COLUMNS_MAX) - 1;
}

/* Writes text and blanks up to `columns` with one write(2). */
static void put(const char *text, size_t size, size_t columns)
{
    char out[2 * COLUMNS_MAX];
    size_t blanks = columns > size ? columns - size : 0;

    out[0] = '\r';
    memcpy(out + 1, text, size);
    memset(out + 1 + size, ' ', blanks);
    out[1 + size + blanks] = '\r';
    if (write(STDERR_FILENO, out, size + blanks + 2) < 0) {
        /* An error is ignored: it is only progress. */
    }
}

void status_line_show(struct status_line *line, const char *text)
{
    size_t most = room(), size = strlen(text);

    if (size > most)
        size = most;
    put(text, size, line->columns < most ? line->columns : most);
    line->columns = size;
}

bool status_line_is_shown(const struct status_line *line)
{
    return line != NULL && line->columns > 0;
}

void status_line_hide(struct status_line *line)
{
    size_t most;

    if (!status_line_is_shown(line))
        return;
    most = room();
    put("", 0, line->columns < most ? line->columns : most);
    line->columns = 0;
}
