/* A progress line on stderr, redrawn in place. Other output to the terminal hides it first. No
 * escape sequences, which a dumb terminal does not support. */
#ifndef STATUS_LINE_H
#define STATUS_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Initialise it to zero: nothing is shown. */
struct status_line {
    size_t columns; /* width of the shown text */
};

/* Replaces the shown text by text, which is ASCII, cut to the width of the terminal. */
void status_line_show(struct status_line *line, const char *text);
/* line may be NULL. */
bool status_line_is_shown(const struct status_line *line);
/* Erases the line. line may be NULL. */
void status_line_hide(struct status_line *line);

#endif
