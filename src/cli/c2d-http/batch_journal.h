/* What a batch has done, kept in a file, so that the same command again resumes and retries: what
 * is enqueued is not sent again, and what is not keeps its message id. Lines are known by their
 * content and how often it came before. The file is text and only grows: a first line that names
 * the hub, then "KEY MESSAGE-ID STATE" for each message that is enqueued or in doubt. A kill leaves
 * at most a torn last line, which is ignored; a power cut may take the last seconds of the file,
 * after which some messages are sent twice, under the same ids. */
#ifndef BATCH_JOURNAL_H
#define BATCH_JOURNAL_H

#include "../common/app.h"

/* 96 bits of a hash, which tell lines apart, and how often the line came in this run. */
struct journal_slot {
    uint32_t key[3];
    uint32_t seen; /* with the flags of the first of them; 0: the slot is free */
};

struct batch_journal {
    const struct app *app;
    const char *path; /* NULL: there is none, and every call does nothing */
    int fd;
    bool locks;    /* no other batch uses it */
    bool is_torn;  /* the last write was short: the next begins a line of its own */
    char seed[37]; /* of the message ids */
    /* What the file says, as a hash table: 16 bytes a line, at most 4 in 5 slots used. */
    struct journal_slot *slots;
    size_t slot_count, used;
    off_t end, reserved; /* of the file, and of the room on the disk that is taken beforehand */
};

/* Where a line stands. */
struct batch_entry {
    uint32_t key[3];
    bool is_done;
    bool is_doubtful; /* an attempt of an earlier run got no response: it may be enqueued */
    char id[37];      /* the message id that belongs to it, the same in every run */
};

/* Makes the file with mode 600 where it is new; opens it in place otherwise, whoever owns it.
 * locks: no other batch may use it meanwhile. Reports STATUS_LOCKED, STATUS_CANT_CREATE, STATUS_IO,
 * C2D_OS, and C2D_DATA for a file that is no journal of this version or of another hub. */
enum c2d_status batch_journal_open(struct batch_journal *journal, const struct app *app,
                                   const char *path, bool locks);
/* Looks up the next line, of size bytes, which is for device_id where it names none itself. Reports
 * STATUS_IO when the disk has no room to note it later, C2D_OS. */
enum c2d_status batch_journal_find(struct batch_journal *journal, const char *device_id,
                                   const char *text, size_t size, struct batch_entry *entry);
/* Notes that the line was enqueued under message_id, or that an attempt got no response, or both.
 * Reports STATUS_IO, C2D_OS. */
enum c2d_status batch_journal_mark(struct batch_journal *journal, const struct batch_entry *entry,
                                   const char *message_id, bool is_done, bool is_doubtful);
/* Puts it on the disk and lets go. Reports STATUS_IO. */
enum c2d_status batch_journal_close(struct batch_journal *journal);

#endif
