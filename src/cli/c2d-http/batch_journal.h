/* The journal of a batch, a file with which the same command can be repeated. Enqueued messages are
 * not sent again, and the others keep their message ids. A line is identified by its content, its
 * device if that is the default, and the number of equal lines before it.
 *
 * The file is text and only grows. The first line names the hub. An entry "KEY MESSAGE-ID STATE"
 * follows for each message that is enqueued or in doubt. A kill leaves at most a torn last line,
 * which is ignored. A power cut may lose the last seconds of the file: some messages are then sent
 * twice, under the same ids. */
#ifndef BATCH_JOURNAL_H
#define BATCH_JOURNAL_H

#include "../common/app.h"
#include "batch_settings.h"

/* A line: 96 bits of its hash, and how often it was read in this run. */
struct journal_slot {
    uint32_t key[3];
    uint32_t seen; /* with the flags of its first occurrence; 0: the slot is free */
};

struct batch_journal {
    const struct app *app;
    const char *path; /* NULL: no journal; then find() only makes an id */
    int fd;
    bool locks;    /* the file is locked: no other batch uses it */
    bool is_torn;  /* the last write was short: the next one starts a new line */
    char seed[37]; /* for the message ids */
    /* The entries of the file and the lines read, as a hash table. A slot has 16 bytes, and at most
     * 4 of 5 slots are used. */
    struct journal_slot *slots;
    size_t slot_count, used, done; /* done: slots of enqueued lines */
    off_t end, reserved; /* offsets: the end of the file, and of the reserved disk space */
};

/* What the journal knows of a line. */
struct batch_entry {
    uint32_t key[3];
    bool is_done;
    bool is_doubtful; /* an attempt of an earlier run got no response: it may be enqueued */
    char id[37];      /* its message id, the same in every run with this journal */
};

/* Creates the file with mode 600, or opens an existing one, with any owner, and locks it against
 * other batches. A dry run has no journal. Returns STATUS_LOCKED, STATUS_CANT_CREATE, STATUS_IO,
 * C2D_OS, and C2D_DATA if the file is not a journal of this version and this hub. */
enum c2d_status batch_journal_open(struct batch_journal *journal, const struct app *app,
                                   const struct batch_settings *settings, struct c2d_error *error);
/* Looks up the next line, of size bytes. default_id is its device if the line names none, else
 * NULL. Returns C2D_OS, and STATUS_IO if the disk has no space for the entry of the line. */
enum c2d_status batch_journal_find(struct batch_journal *journal, const char *default_id,
                                   const char *text, size_t size, struct batch_entry *entry,
                                   struct c2d_error *error);
/* Appends the result of the line, which was sent under message_id: that it was enqueued, that an
 * attempt got no response, or both. Returns STATUS_IO. */
enum c2d_status batch_journal_mark(struct batch_journal *journal, const struct batch_entry *entry,
                                   const char *message_id, const struct c2d_error *result,
                                   struct c2d_error *error);
/* Syncs and closes the file, and frees the table. Returns STATUS_IO. */
enum c2d_status batch_journal_close(struct batch_journal *journal, struct c2d_error *error);

#endif
