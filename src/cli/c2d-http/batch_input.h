/* Reads the lines of a file or pipe one by one, with a buffer of fixed size. */
#ifndef BATCH_INPUT_H
#define BATCH_INPUT_H

#include "../common/exit_status.h"

enum { BATCH_LINE_MAX = 256 * 1024 };

struct batch_input {
    const char *name; /* for errors */
    int fd;
    bool is_file;     /* a regular file: reading never blocks */
    int64_t size;     /* of a regular file; 0: not known */
    int64_t consumed; /* bytes of all lines returned so far */
    long long line;   /* number of the last returned line, from 1 */

    char *data;
    size_t start, end; /* of the data not returned yet */
    bool ended;        /* read() has returned 0 */
    bool too_long;     /* the rest of an overlong line is being skipped */
    bool is_checked;   /* the first bytes were checked */
    char head[512];    /* the first bytes of an overlong line */

    const char *problem, *hint; /* after BATCH_REFUSED; problem follows name in the error text */
};

enum batch_next {
    BATCH_LINE,
    BATCH_TOO_LONG, /* a line over BATCH_LINE_MAX was skipped; text is its head */
    BATCH_NOT_YET,  /* no data is available, or a signal was caught */
    BATCH_END,
    BATCH_REFUSED, /* the input is not JSON Lines: see problem */
    BATCH_FAILED,  /* errno is set */
};

/* The path "-" is stdin. Returns STATUS_NO_INPUT, C2D_OS, or C2D_CANCELLED without a text. */
enum c2d_status batch_input_open(struct batch_input *input, const char *path,
                                 struct c2d_error *error);
/* Returns the next non-empty line, without its line end; text is valid until the next call. With
 * waits it blocks until data is available or a signal is caught. */
enum batch_next batch_input_next(struct batch_input *input, bool waits, const char **text,
                                 size_t *size);
void batch_input_close(struct batch_input *input);

#endif
