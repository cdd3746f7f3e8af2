/* A line on the terminal that stderr is, drawn again and again in place. Whoever writes to the
 * terminal hides it first. Without escape sequences: a dumb terminal does not know them. */
#ifndef STATUS_LINE_H
#define STATUS_LINE_H

#include <stddef.h>

/* Zeroed: nothing is shown. */
struct status_line {
    size_t columns; /* that the text on the terminal takes */
};

/* Shows text, which is ASCII, in the place of what is shown; cut to the terminal's width. */
void status_line_show(struct status_line *line, const char *text);
/* Erases what is shown. line may be NULL: there is none. */
void status_line_hide(struct status_line *line);

#endif
