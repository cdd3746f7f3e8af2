#define _GNU_SOURCE /* fallocate */
#include "batch_journal.h"

#include "../common/failure.h"
#include "../common/folder_sync.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first line is "c2d-journal 2 HOST SEED". */
static const char magic[] = "c2d-journal 2 ", old_magic[] = "c2d-journal 1\n";

enum {
    FIRST_SLOTS = 1024,
    KEY_DIGITS = 24,
    /* In bytes. Entries of all queued lines fit: BATCH_QUEUE_MAX times less than 512 bytes. */
    ROOM = 131072,
    RESERVE = 4 * ROOM,
};

/* Flags in `seen`. DONE: the message is enqueued. DOUBT: an attempt of an earlier run got no
 * response, so that another copy may be enqueued. */
static const uint32_t DONE = UINT32_C(1) << 31, DOUBT = UINT32_C(1) << 30;

static const char done_word[] = "enqueued", doubt_word[] = "unknown";

static enum c2d_status fail_io(const struct batch_journal *journal, struct c2d_error *error)
{
    return fail_with_hint(error, STATUS_IO,
                          errno == ENOSPC || errno == EDQUOT
                              ? "free disk space, then run the same command again: messages that "
                                "the journal lists as enqueued are not sent again"
                              : "run the same command again: messages that the journal lists as "
                                "enqueued are not sent again",
                          "journal '%s': %s", journal->path, strerror(errno));
}

static enum c2d_status make_uuid(char id[37], struct c2d_error *error)
{
    return c2d_uuid(id) == C2D_OK ? C2D_OK : fail(error, C2D_OS, "the system has no randomness");
}

/* ---- Keys ---- */

/* A 128-bit hash: FNV-1a, and the same scheme with another multiplier. Not collision-resistant
 * against an attacker. */
static void hash_128(uint64_t hash[2], const void *data, size_t size)
{
    const unsigned char *bytes = data;

    hash[0] = hash_bytes(hash[0], data, size);
    for (size_t i = 0; i < size; i++)
        hash[1] = (hash[1] ^ bytes[i]) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The finalizer of MurmurHash3: each input bit affects all output bits. */
static uint64_t spread(uint64_t value)
{
    value = (value ^ (value >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ (value >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ (value >> 33);
}

/* Computes the key of the n-th line with this content, n from 1. The key is the same on every
 * machine. */
static void key_of(const uint64_t content[2], uint32_t n, uint32_t key[3])
{
    uint64_t first = spread(content[0] + n), second = spread(content[1] ^ first);

    key[0] = (uint32_t)(first >> 32);
    key[1] = (uint32_t)first;
    key[2] = (uint32_t)second;
}

/* Derives the message id from key and seed, in the form of a random UUID (version 4). */
static void format_id(const struct batch_journal *journal, const uint32_t key[3], char id[37])
{
    uint64_t hash[2] = { ((uint64_t)key[0] << 32) | key[1], key[2] };
    uint64_t first, second;

    hash_128(hash, journal->seed, strlen(journal->seed));
    first = spread(hash[0] + hash[1]);
    second = spread(hash[1] ^ first);
    snprintf(id, 37, "%08" PRIx32 "-%04" PRIx32 "-4%03" PRIx32 "-%04" PRIx32 "-%012" PRIx64,
             (uint32_t)(first >> 32), (uint32_t)(first >> 16) & 0xffff, (uint32_t)first & 0xfff,
             ((uint32_t)(second >> 48) & 0x3fff) | 0x8000, second & UINT64_C(0xffffffffffff));
}

/* ---- The table in memory ---- */

/* Returns the slot of key, or the free slot for it. The table always has a free slot. */
static struct journal_slot *slot_of(const struct batch_journal *journal, const uint32_t key[3])
{
    size_t at = key[0] & (journal->slot_count - 1);

    while (journal->slots[at].seen != 0
           && memcmp(journal->slots[at].key, key, sizeof journal->slots[at].key) != 0)
        at = (at + 1) & (journal->slot_count - 1);
    return &journal->slots[at];
}

/* Doubles the table if it is 4/5 full. Returns false if out of memory. */
static bool make_room(struct batch_journal *journal)
{
    struct journal_slot *old = journal->slots, *larger;
    size_t old_count = journal->slot_count, count = old_count == 0 ? FIRST_SLOTS : old_count * 2;

    if (journal->used * 5 < old_count * 4)
        return true;
    larger = calloc(count, sizeof *larger);
    if (larger == NULL)
        return false;
    journal->slots = larger;
    journal->slot_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].seen != 0)
            *slot_of(journal, old[i].key) = old[i];
    free(old);
    return true;
}

/* Adds a flag to the slot of key, or counts one more line if number is 1. Returns NULL if out of
 * memory. */
static struct journal_slot *add(struct batch_journal *journal, const uint32_t key[3],
                                uint32_t number)
{
    struct journal_slot *slot;

    if (!make_room(journal))
        return NULL;
    slot = slot_of(journal, key);
    journal->used += slot->seen == 0;
    journal->done += number == DONE && (slot->seen & DONE) == 0;
    memcpy(slot->key, key, sizeof slot->key);
    slot->seen = number == 1 ? slot->seen + 1 : slot->seen | number;
    return slot;
}

/* ---- The file ---- */

/* Reserves disk space before a message is sent, so that its entry can be written. On a file system
 * without fallocate() a full disk shows at the write. */
static bool reserve(struct batch_journal *journal)
{
    if (journal->end + ROOM <= journal->reserved)
        return true;
    journal->reserved = journal->end + RESERVE;
    return fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, journal->end, RESERVE) == 0
           || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
}

static bool append(struct batch_journal *journal, const char *text, size_t size)
{
    ssize_t count;

    /* Ends a line that was written in part, so that the next entry starts a new line. */
    if (journal->is_torn && write(journal->fd, "\n", 1) != 1)
        return false;
    count = write(journal->fd, text, size);
    journal->end += (journal->is_torn ? 1 : 0) + (count > 0 ? count : 0);
    journal->is_torn = count > 0 && (size_t)count != size;
    if (count >= 0 && (size_t)count != size)
        errno = ENOSPC;
    return count == (ssize_t)size;
}

/* Reads "KEY MESSAGE-ID STATE"; a message id contains no blank. Ignores all other lines, such as
 * torn ones. Returns false if out of memory. */
static bool read_line(struct batch_journal *journal, const char *line)
{
    const char *state = strrchr(line, ' ');
    uint32_t key[3], flag;
    char digits[9] = "";

    if (strspn(line, "0123456789abcdef") != KEY_DIGITS || line[KEY_DIGITS] != ' '
        || state <= line + KEY_DIGITS + 1 || strchr(line + KEY_DIGITS + 1, ' ') != state)
        return true;
    flag = strcmp(state + 1, done_word) == 0    ? DONE
           : strcmp(state + 1, doubt_word) == 0 ? DOUBT
                                                : 0;
    for (size_t i = 0; i < 3; i++) {
        memcpy(digits, line + 8 * i, 8);
        key[i] = (uint32_t)strtoul(digits, NULL, 16);
    }
    return flag == 0 || add(journal, key, flag) != NULL;
}

static enum c2d_status start_file(struct batch_journal *journal, struct c2d_error *error)
{
    char line[400];
    int size;

    if (make_uuid(journal->seed, error) != C2D_OK)
        return C2D_OS;
    size = snprintf(line, sizeof line, "%s%s %s\n", magic, c2d_client_host(journal->app->client),
                    journal->seed);
    return append(journal, line, (size_t)size) && fsync(journal->fd) == 0 ? C2D_OK
                                                                          : fail_io(journal, error);
}

/* Checks that the journal has this version and belongs to this hub, and reads the seed. line is the
 * first line, without its newline. */
static enum c2d_status check_start(struct batch_journal *journal, char *line,
                                   struct c2d_error *error)
{
    const char *host = c2d_client_host(journal->app->client);
    char *theirs = line + strlen(magic), *seed;

    if (strncmp(line, old_magic, strlen(old_magic) - 1) == 0)
        return fail_with_hint(
            error, C2D_DATA, "finish the batch with the version that made it, or name another file",
            "journal '%s' has the form of an older version", journal->path);
    if (strncmp(line, magic, strlen(magic)) != 0 || (seed = strchr(theirs, ' ')) == NULL
        || strlen(seed + 1) != sizeof journal->seed - 1)
        return fail_with_hint(error, C2D_DATA, "name another file; a new file is created",
                              "'%s' is not a journal of this version", journal->path);
    *seed++ = '\0';
    memcpy(journal->seed, seed, sizeof journal->seed);
    if (text_equals_nocase(theirs, host))
        return C2D_OK;
    return fail_with_hint(error, C2D_DATA, "each hub needs a journal of its own",
                          "journal '%s' belongs to the hub '%s', and this is '%s'", journal->path,
                          theirs, host);
}

static enum c2d_status read_lines(struct batch_journal *journal, FILE *file,
                                  struct c2d_error *error)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    enum c2d_status status = C2D_OK;
    bool is_torn = false;

    for (bool is_first = true; status == C2D_OK && (size = getline(&line, &room, file)) > 0;
         is_first = false) {
        is_torn = line[size - 1] != '\n';
        if (!is_torn)
            line[size - 1] = '\0';
        if (is_first)
            status = check_start(journal, line, error);
        else if (!is_torn && !read_line(journal, line))
            status = fail_memory(error);
    }
    if (status == C2D_OK && (ferror(file) || (is_torn && !append(journal, "\n", 1))))
        status = fail_io(journal, error);
    free(line);
    return status;
}

static enum c2d_status read_file(struct batch_journal *journal, struct c2d_error *error)
{
    int copy = fcntl(journal->fd, F_DUPFD_CLOEXEC, 3);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    enum c2d_status status;

    if (file == NULL) {
        status = fail_io(journal, error);
        if (copy >= 0)
            close(copy);
        return status;
    }
    status = read_lines(journal, file, error);
    fclose(file);
    return status;
}

enum c2d_status batch_journal_open(struct batch_journal *journal, const struct app *app,
                                   const struct batch_settings *settings, struct c2d_error *error)
{
    const char *path = app->common.dry_run ? NULL : settings->journal;
    struct stat file;

    *journal = (struct batch_journal) {
        .app = app,
        .path = path,
        .fd = -1,
        .locks = !settings->no_lock,
    };
    if (path == NULL)
        return C2D_OK;
    journal->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (journal->fd < 0 || fstat(journal->fd, &file) != 0)
        return fail(error, STATUS_CANT_CREATE, "journal '%s': %s", path, strerror(errno));
    if (!S_ISREG(file.st_mode)) {
        close(journal->fd); /* batch_journal_close() would fail to sync it */
        journal->fd = -1;
        return fail(error, STATUS_CANT_CREATE, "journal '%s' is not a regular file", path);
    }
    if (journal->locks && !file_lock(journal->fd, file_whole)) {
        if (file_lock_is_taken())
            return fail(error, STATUS_LOCKED, "another batch uses the journal '%s'", path);
        return fail_with_hint(error, STATUS_IO,
                              "pass --no-lock if no other batch uses that journal",
                              "journal '%s' cannot be locked: %s", path, strerror(errno));
    }
    /* Read again: another batch may have changed the size before the lock was taken. */
    if (fstat(journal->fd, &file) != 0)
        return fail_io(journal, error);
    journal->end = file.st_size;
    /* Needed for an existing file too: the run that created it may have died before this call. */
    if (!folder_sync_parent(app, path, journal->fd))
        return fail_io(journal, error);
    return file.st_size == 0 ? start_file(journal, error) : read_file(journal, error);
}

/* ---- Lines ---- */

enum c2d_status batch_journal_find(struct batch_journal *journal, const char *default_id,
                                   const char *text, size_t size, struct batch_entry *entry,
                                   struct c2d_error *error)
{
    uint64_t content[2] = { HASH_START, UINT64_C(0x84222325cbf29ce4) };
    struct journal_slot *slot;
    uint32_t n;

    *entry = (struct batch_entry) { .is_done = false };
    if (journal->path == NULL)
        return make_uuid(entry->id, error);
    if (!reserve(journal))
        return fail_io(journal, error);
    if (default_id != NULL)
        hash_128(content, default_id, strlen(default_id) + 1);
    hash_128(content, text, size);
    key_of(content, 1, entry->key);
    slot = add(journal, entry->key, 1);
    if (slot == NULL)
        return fail_memory(error);
    n = slot->seen & ~(DONE | DOUBT);
    if (n > 1) {
        key_of(content, n, entry->key);
        slot = slot_of(journal, entry->key);
    }
    entry->is_done = (slot->seen & DONE) != 0;
    entry->is_doubtful = (slot->seen & DOUBT) != 0;
    format_id(journal, entry->key, entry->id);
    return C2D_OK;
}

enum c2d_status batch_journal_mark(struct batch_journal *journal, const struct batch_entry *entry,
                                   const char *message_id, const struct c2d_error *result,
                                   struct c2d_error *error)
{
    const char *const words[] = { result->earlier_try_unanswered ? doubt_word : NULL,
                                  result->status == C2D_OK ? done_word : NULL };
    char lines[512];
    int size = 0;

    if (journal->path == NULL)
        return C2D_OK;
    /* Both entries go out in one write(), so that a kill cannot separate them. */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] != NULL)
            size += snprintf(lines + size, sizeof lines - (size_t)size,
                             "%08" PRIx32 "%08" PRIx32 "%08" PRIx32 " %.128s %s\n", entry->key[0],
                             entry->key[1], entry->key[2], message_id, words[i]);
    if (!append(journal, lines, (size_t)size))
        return fail_io(journal, error);
    return C2D_OK;
}

enum c2d_status batch_journal_close(struct batch_journal *journal, struct c2d_error *error)
{
    bool ok = journal->fd < 0 || fdatasync(journal->fd) == 0;
    enum c2d_status status = ok ? C2D_OK : fail_io(journal, error);

    free(journal->slots);
    journal->slots = NULL;
    if (journal->fd >= 0) {
        struct stat file;

        /* Releases the reserved space. Not without the lock: another batch may be appending. */
        if (journal->locks && journal->reserved > 0 && fstat(journal->fd, &file) == 0
            && ftruncate(journal->fd, file.st_size) != 0) {
            /* The space stays reserved until the file is removed. */
        }
        close(journal->fd);
    }
    journal->fd = -1;
    return status;
}
