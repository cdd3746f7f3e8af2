/* What a batch has done, kept in a file, so that the same command again resumes and retries: what
 * is enqueued is not sent again, and what is not keeps its message id. Lines are known by their
 * content and how often it came before. The file is a hash table on the disk: memory does not
 * depend on the number of lines. A kill leaves it whole at any point; a power cut may take the last
 * seconds of it, after which some messages come twice, under the same ids. */
#ifndef BATCH_JOURNAL_H
#define BATCH_JOURNAL_H

#include "../common/app.h"

struct batch_journal {
    const struct app *app;
    const char *path; /* NULL: there is none, and every call does nothing */
    int fd;
    bool locks;
    uint64_t slots, used;
    uint32_t run;  /* of how many this is */
    char seed[37]; /* of the message ids */
};

/* Where a line stands. */
struct batch_entry {
    uint64_t key[2];
    bool is_done;
    bool is_doubtful; /* a try of an earlier run got no answer: it may be there already */
    char id[37];      /* the message id that belongs to it, the same in every run */
};

/* Makes the file with mode 600 where it is new. locks: no other batch may use it meanwhile.
 * Reports C2D_LOCKED, C2D_CANT_CREATE, C2D_DATA for a file that is none of this version, C2D_IO. */
enum c2d_status batch_journal_open(struct batch_journal *journal, const struct app *app,
                                   const char *path, bool locks);
/* Looks up the next line, of size bytes, which is for device_id where it names none itself. Reports
 * C2D_IO. */
enum c2d_status batch_journal_find(struct batch_journal *journal, const char *device_id,
                                   const char *text, size_t size, struct batch_entry *entry);
/* The line is enqueued, or a try of it got no answer, or both. Reports C2D_IO. */
enum c2d_status batch_journal_mark(struct batch_journal *journal, const struct batch_entry *entry,
                                   bool is_done, bool is_doubtful);
/* Puts it on the disk and lets go. Reports C2D_IO. */
enum c2d_status batch_journal_close(struct batch_journal *journal);

#endif
