/* Lines of a file or pipe, one after the other, in memory that does not grow with their number. */
#ifndef BATCH_INPUT_H
#define BATCH_INPUT_H

#include "../common/app.h"

enum { BATCH_LINE_MAX = 256 * 1024 };

struct batch_input {
    const char *name; /* for errors */
    int fd;
    bool is_file;     /* never makes us wait */
    int64_t size;     /* of the file; 0: not known */
    int64_t consumed; /* bytes of lines that were handed out */
    long long line;   /* number of the last line, from 1 */

    char *data;
    size_t start, end; /* what is not handed out yet */
    bool ended;        /* the input has */
    bool too_long;     /* the rest of a line is passed over */
    bool is_begun;     /* the first bytes were looked at */
    char head[512];    /* the beginning of a line that is too long to be kept */

    const char *problem, *hint; /* BATCH_REFUSED: why, after name; what to do */
};

enum batch_next {
    BATCH_LINE,
    BATCH_TOO_LONG, /* a line over BATCH_LINE_MAX, passed over; text is its beginning */
    BATCH_NOT_YET,  /* nothing is there now, or a signal came */
    BATCH_END,
    BATCH_REFUSED, /* the whole is no JSON Lines: see problem */
    BATCH_FAILED,  /* errno says why */
};

/* path "-" is stdin. Reports STATUS_NO_INPUT, C2D_OS. */
enum c2d_status batch_input_open(struct batch_input *input, const struct app *app,
                                 const char *path);
/* The next line that is not empty, without its line end, until the next call. waits: until there is
 * something, or a signal comes. */
enum batch_next batch_input_next(struct batch_input *input, bool waits, const char **text,
                                 size_t *size);
void batch_input_close(struct batch_input *input);

#endif
