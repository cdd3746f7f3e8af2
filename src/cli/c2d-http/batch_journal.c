#include "batch_journal.h"

#include "../common/file_lock.h"
#include "../common/folder_sync.h"
#include "../common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[16] = "c2d-journal 1\n";

struct header {
    char magic[16];
    char seed[40];
    uint64_t slots;
    uint32_t run, unused;
};

/* One for each content, and one for each time that it came again. */
struct slot {
    uint64_t key[2]; /* 0, 0: free */
    uint32_t run;    /* in which seen was counted */
    uint32_t seen;   /* how often the content came, and of the first of them: DONE, DOUBT */
};

enum { FIRST_SLOTS = 1024, PROBE = 16 };
/* Is enqueued; a try got no answer, so that it may be there once more. */
static const uint32_t DONE = UINT32_C(1) << 31, DOUBT = UINT32_C(1) << 30;

static enum c2d_status fail_io(const struct batch_journal *journal)
{
    return report_failure(journal->app, C2D_IO,
                          errno == ENOSPC || errno == EDQUOT
                              ? "make room, and run the same command again: what is in the journal "
                                "is not sent twice"
                              : "run the same command again: what is in the journal is not sent "
                                "twice",
                          "journal '%s': %s", journal->path, strerror(errno));
}

/* ---- Keys ---- */

/* FNV-1a in two lanes, with a finish that spreads its bits: a name for a line, not a proof. */
static void hash_bytes(uint64_t key[2], const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        key[0] = (key[0] ^ bytes[i]) * UINT64_C(0x100000001b3);
        key[1] = (key[1] ^ bytes[i]) * UINT64_C(0x9e3779b97f4a7c15);
    }
}

static uint64_t spread(uint64_t value)
{
    value = (value ^ (value >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ (value >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ (value >> 33);
}

/* Of the n-th time that a line comes; n 0 is the content itself. */
static void key_of(const struct batch_journal *journal, const uint64_t content[2], uint32_t n,
                   uint64_t key[2])
{
    key[0] = content[0];
    key[1] = content[1];
    hash_bytes(key, journal->seed, sizeof journal->seed);
    hash_bytes(key, &n, sizeof n);
    key[0] = spread(key[0] + key[1]) | 1; /* never the mark of a free slot */
    key[1] = spread(key[1] ^ key[0]);
}

static void format_id(const uint64_t key[2], char id[37])
{
    /* The form of a random UUID (version 4). */
    snprintf(id, 37, "%08" PRIx32 "-%04" PRIx32 "-4%03" PRIx32 "-%04" PRIx32 "-%012" PRIx64,
             (uint32_t)(key[0] >> 32), (uint32_t)(key[0] >> 16) & 0xffff, (uint32_t)key[0] & 0xfff,
             ((uint32_t)(key[1] >> 48) & 0x3fff) | 0x8000, key[1] & UINT64_C(0xffffffffffff));
}

/* ---- Slots ---- */

static off_t place_of(uint64_t index)
{
    return (off_t)(sizeof(struct header) + index * sizeof(struct slot));
}

/* The slot of key, or the free one where it belongs. False with errno set. */
static bool find_slot(const struct batch_journal *journal, const uint64_t key[2], struct slot *slot,
                      uint64_t *index)
{
    struct slot slots[PROBE];
    uint64_t at = key[0] % journal->slots;

    for (;;) {
        size_t count = journal->slots - at < PROBE ? (size_t)(journal->slots - at) : PROBE;
        ssize_t size = pread(journal->fd, slots, count * sizeof *slots, place_of(at));

        if (size != (ssize_t)(count * sizeof *slots)) {
            errno = size < 0 ? errno : EIO;
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            bool is_free = slots[i].key[0] == 0 && slots[i].key[1] == 0;

            if (!is_free && memcmp(slots[i].key, key, sizeof slots[i].key) != 0)
                continue;
            *slot = slots[i];
            *index = at + i;
            return true;
        }
        at = (at + count) % journal->slots;
    }
}

static bool put_slot(const struct batch_journal *journal, const struct slot *slot, uint64_t index)
{
    ssize_t size = pwrite(journal->fd, slot, sizeof *slot, place_of(index));

    if (size >= 0 && size != (ssize_t)sizeof *slot)
        errno = ENOSPC;
    return size == (ssize_t)sizeof *slot;
}

/* ---- Files ---- */

static bool write_header(const struct batch_journal *journal)
{
    struct header header = { .slots = journal->slots, .run = journal->run };

    memcpy(header.magic, magic, sizeof magic);
    memcpy(header.seed, journal->seed, sizeof journal->seed);
    return pwrite(journal->fd, &header, sizeof header, 0) == (ssize_t)sizeof header;
}

/* Room on the disk beforehand: a full one is told before anything is sent. */
static bool make_table(const struct batch_journal *journal)
{
    int problem = posix_fallocate(journal->fd, 0, place_of(journal->slots));

    errno = problem;
    return problem == 0 && write_header(journal);
}

/* Moves every slot of journal into larger. */
static bool move_slots(const struct batch_journal *journal, struct batch_journal *larger)
{
    for (uint64_t i = 0; i < journal->slots; i++) {
        struct slot slot, there;
        uint64_t index;

        if (pread(journal->fd, &slot, sizeof slot, place_of(i)) != (ssize_t)sizeof slot)
            return false;
        if (slot.key[0] == 0 && slot.key[1] == 0)
            continue;
        if (!find_slot(larger, slot.key, &there, &index) || !put_slot(larger, &slot, index))
            return false;
        larger->used++;
    }
    return true;
}

/* Makes a table of four times the size in the file at path. False with errno set. */
static bool make_larger(const struct batch_journal *journal, const char *path,
                        struct batch_journal *larger)
{
    *larger = *journal;
    larger->slots *= 4;
    larger->used = 0;
    larger->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return larger->fd >= 0 && (!larger->locks || file_lock(larger->fd)) && make_table(larger)
           && move_slots(journal, larger) && fsync(larger->fd) == 0;
}

/* A larger table takes the file's place; a kill leaves the one or the other. Once it has the name
 * it is the journal, even if the folder cannot be synced: what is marked later belongs there. */
static bool grow(struct batch_journal *journal)
{
    struct batch_journal larger = { .fd = -1 };
    size_t size = strlen(journal->path) + sizeof ".new";
    char *path = malloc(size);
    bool ok = path != NULL;

    if (ok)
        snprintf(path, size, "%s.new", journal->path);
    ok = ok && make_larger(journal, path, &larger) && rename(path, journal->path) == 0;
    if (ok) {
        close(journal->fd);
        *journal = larger;
        ok = folder_sync_parent(journal->app, journal->path, journal->fd);
    } else if (larger.fd >= 0) {
        int problem = errno;

        close(larger.fd);
        (void)unlink(path);
        errno = problem;
    }
    free(path);
    return ok;
}

static bool count_used(struct batch_journal *journal)
{
    struct slot slots[256];
    uint64_t at = 0;

    while (at < journal->slots) {
        size_t count = journal->slots - at < 256 ? (size_t)(journal->slots - at) : 256;

        if (pread(journal->fd, slots, count * sizeof *slots, place_of(at))
            != (ssize_t)(count * sizeof *slots))
            return false;
        for (size_t i = 0; i < count; i++)
            journal->used += slots[i].key[0] != 0 || slots[i].key[1] != 0;
        at += count;
    }
    return true;
}

static enum c2d_status start_table(struct batch_journal *journal)
{
    journal->slots = FIRST_SLOTS;
    journal->run = 1;
    if (c2d_uuid(journal->seed) != C2D_OK)
        return report_failure(journal->app, C2D_OS, NULL, "the system has no randomness");
    if (make_table(journal) && fsync(journal->fd) == 0
        && folder_sync_parent(journal->app, journal->path, journal->fd))
        return C2D_OK;
    return fail_io(journal);
}

/* A file that is there: of ours, of this version, and whole again where it was cut. */
static enum c2d_status read_table(struct batch_journal *journal, off_t file_size)
{
    static const struct header none;
    struct header header;
    ssize_t size = pread(journal->fd, &header, sizeof header, 0);

    /* A kill came between making the file and its first write. */
    if (size == (ssize_t)sizeof header && memcmp(&header, &none, sizeof none) == 0)
        return start_table(journal);
    if (size != (ssize_t)sizeof header || memcmp(header.magic, magic, sizeof magic) != 0
        || header.slots < FIRST_SLOTS || header.slots > UINT64_C(1) << 40)
        return report_failure(journal->app, C2D_DATA,
                              "name another file; one that is not there yet is made",
                              "'%s' is no journal of this version", journal->path);
    journal->slots = header.slots;
    journal->run = header.run + 1;
    memcpy(journal->seed, header.seed, sizeof journal->seed - 1);
    if (file_size < place_of(journal->slots)) {
        report_warning(journal->app,
                       "journal '%s' was cut: some messages may be sent again, under the same ids",
                       journal->path);
        if (ftruncate(journal->fd, place_of(journal->slots)) != 0)
            return fail_io(journal);
    }
    return count_used(journal) && write_header(journal) ? C2D_OK : fail_io(journal);
}

enum c2d_status batch_journal_open(struct batch_journal *journal, const struct app *app,
                                   const char *path, bool locks)
{
    struct stat file, named;
    bool is_locked;

    *journal = (struct batch_journal) { .app = app, .path = path, .fd = -1, .locks = locks };
    if (path == NULL)
        return C2D_OK;
    journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (journal->fd < 0 || fstat(journal->fd, &file) != 0)
        return report_failure(app, C2D_CANT_CREATE, NULL, "journal '%s': %s", path,
                              strerror(errno));
    if (!S_ISREG(file.st_mode)) {
        close(journal->fd); /* which nobody could sync at the end */
        journal->fd = -1;
        return report_failure(app, C2D_CANT_CREATE, NULL, "journal '%s' is no file", path);
    }
    is_locked = !locks || file_lock(journal->fd);
    if (!is_locked && !file_lock_is_taken())
        return report_failure(app, C2D_IO, "pass --no-lock if no other batch uses that journal",
                              "journal '%s' cannot be locked: %s", path, strerror(errno));
    /* Whoever had it may have put a larger one in its place. */
    if (!is_locked || stat(path, &named) != 0 || named.st_ino != file.st_ino)
        return report_failure(app, C2D_LOCKED, NULL, "another batch uses the journal '%s'", path);
    return file.st_size == 0 ? start_table(journal) : read_table(journal, file.st_size);
}

/* ---- Lines ---- */

static void read_marks(const struct slot *slot, struct batch_entry *entry)
{
    entry->is_done = (slot->seen & DONE) != 0;
    entry->is_doubtful = (slot->seen & DOUBT) != 0;
}

enum c2d_status batch_journal_find(struct batch_journal *journal, const char *device_id,
                                   const char *text, size_t size, struct batch_entry *entry)
{
    uint64_t content[2] = { UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4) };
    struct slot slot;
    uint64_t index;
    uint32_t n;

    *entry = (struct batch_entry) { .is_done = false };
    if (journal->path == NULL)
        return c2d_uuid(entry->id) == C2D_OK
                   ? C2D_OK
                   : report_failure(journal->app, C2D_OS, NULL, "the system has no randomness");
    if (device_id != NULL)
        hash_bytes(content, device_id, strlen(device_id) + 1);
    hash_bytes(content, text, size);
    key_of(journal, content, 0, entry->key);
    if (journal->used * 10 > journal->slots * 7 && !grow(journal))
        return fail_io(journal);
    if (!find_slot(journal, entry->key, &slot, &index))
        return fail_io(journal);
    journal->used += slot.key[0] == 0;
    n = slot.run == journal->run ? (slot.seen & ~(DONE | DOUBT)) + 1 : 1;
    read_marks(&slot, entry);
    slot.seen = (slot.seen & (DONE | DOUBT)) | n;
    slot.run = journal->run;
    memcpy(slot.key, entry->key, sizeof slot.key);
    if (!put_slot(journal, &slot, index))
        return fail_io(journal);
    if (n > 1) {
        key_of(journal, content, n, entry->key);
        if (!find_slot(journal, entry->key, &slot, &index))
            return fail_io(journal);
        read_marks(&slot, entry);
    }
    format_id(entry->key, entry->id);
    return C2D_OK;
}

enum c2d_status batch_journal_mark(struct batch_journal *journal, const struct batch_entry *entry,
                                   bool is_done, bool is_doubtful)
{
    struct slot slot;
    uint64_t index;

    if (journal->path == NULL)
        return C2D_OK;
    if (!find_slot(journal, entry->key, &slot, &index))
        return fail_io(journal);
    journal->used += slot.key[0] == 0;
    memcpy(slot.key, entry->key, sizeof slot.key);
    slot.seen |= (is_done ? DONE : 0) | (is_doubtful ? DOUBT : 0);
    return put_slot(journal, &slot, index) ? C2D_OK : fail_io(journal);
}

enum c2d_status batch_journal_close(struct batch_journal *journal)
{
    bool ok = journal->fd < 0 || journal->path == NULL || fdatasync(journal->fd) == 0;
    enum c2d_status status = ok ? C2D_OK : fail_io(journal);

    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
    return status;
}
