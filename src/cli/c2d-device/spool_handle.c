/* Handles the stored messages of a spool, without a time limit, and removes them afterwards. */
#include "../common/folder_sync.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "base/clock.h"
#include "spool.h"
#include "spool_file.h"
#include "spool_name.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Removes a handled message, or moves a rejected one to the failed ones. On failure returns false
 * with errno set: the message may be handled again. */
static bool remove_kept(const struct spool *spool, const char *name,
                        const struct c2d_message *message, enum disposition_kind kind)
{
    enum spool_moved moved = SPOOL_KNOWN;

    if (kind == DISPOSITION_REJECT)
        moved =
            spool_file_move(spool->app, spool->path, &(struct spool_place) { spool->kept, name },
                            &(struct spool_place) { spool->failed, name }, message);
    if (moved == SPOOL_NOT_MOVED)
        return false;
    /* It was completed, or the folder of failed messages already has a copy. */
    if (moved == SPOOL_KNOWN && unlinkat(spool->kept, name, 0) != 0)
        return false;
    return folder_sync(spool->app, spool->kept, spool->path);
}

static struct disposition handle(const struct spool *spool, const struct drain *drain,
                                 const char *name, const struct c2d_message *message)
{
    struct disposition disposition = handler_run(spool->handler, message, INT64_MAX);
    const char *settled = "left";

    if (disposition.kind == DISPOSITION_COMPLETE || disposition.kind == DISPOSITION_REJECT) {
        settled = disposition.kind == DISPOSITION_COMPLETE ? "complete" : "reject";
        if (!remove_kept(spool, name, message, disposition.kind)) {
            disposition.status = report_failure(
                spool->app, STATUS_IO, "its message was handled, and may be handled again",
                "'%s/new/%s': %s", spool->path, name, strerror(errno));
            disposition.kind = DISPOSITION_STOP;
            settled = "left";
        }
    }
    drain_report_result(drain, &disposition, message->message_id, message->sequence_number,
                        settled);
    return disposition;
}

/* ---- Messages whose completion is in doubt ---- */

enum {
    MARGIN_S = 2,      /* the lock may start later at the hub */
    DELAY_MAX_S = 120, /* a later time results from a clock that was set back */
};

/* The hub may deliver such a message again until its lock expires. It would be stored and handled
 * twice. The modification time of the file, set to the lock expiry, delays the handling, also in
 * later runs. */
static void delay(const struct spool *spool, const char *name, int64_t until_ms)
{
    int64_t until_s = (int64_t)time(NULL) + (until_ms - clock_monotonic_ms(NULL)) / 1000 + MARGIN_S;
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)until_s } };

    /* On failure the message may be handled twice, but it is not lost. */
    (void)utimensat(spool->kept, name, times, AT_SYMLINK_NOFOLLOW);
}

/* True if the message was delayed when the drain started. Such a drain may have been too early to
 * receive it again. */
static bool is_delayed(const struct spool *spool, const struct drain *drain, const char *name)
{
    struct stat file;

    return fstatat(spool->kept, name, &file, AT_SYMLINK_NOFOLLOW) == 0
           && file.st_mtime > drain->started_at_s
           && file.st_mtime <= drain->started_at_s + DELAY_MAX_S;
}

static enum c2d_status report_delayed(const struct spool *spool, const struct c2d_message *message)
{
    return report_failure(spool->app, C2D_NETWORK, "run again in a minute",
                          "message '%s' is not handled yet: whether it was completed is in doubt "
                          "until its lock expires",
                          message->message_id == NULL ? "" : message->message_id);
}

/* ---- All stored messages ---- */

static enum c2d_status fail_load(const struct spool *spool, const char *name,
                                 enum c2d_status status)
{
    if (status == C2D_OS)
        return report_failure(spool->app, C2D_OS, NULL, "out of memory");
    return report_failure(
        spool->app, STATUS_HANDLER, NULL, "'%s/new/%s' cannot be handled: %s", spool->path, name,
        status == STATUS_IO ? strerror(errno) : "it contains no message of this program");
}

/* Handles one file. Clears *goes_on if this run must not handle another. */
static enum c2d_status handle_file(const struct spool *spool, struct drain *drain, const char *name,
                                   bool *goes_on)
{
    enum c2d_status status;
    struct c2d_message *message = spool_file_load(spool->kept, name, &status);
    int64_t until_ms = message == NULL ? 0 : drain_in_doubt_until_ms(drain, message);

    if (message == NULL) {
        status = fail_load(spool, name, status);
        *goes_on = *goes_on && status != C2D_OS;
    } else if (until_ms != 0) {
        delay(spool, name, until_ms);
        drain->receiver.lost_at_ms = clock_monotonic_ms(NULL);
        status = C2D_OK; /* the failed settlement was reported already */
    } else if (!*goes_on || signals_caught() != 0) {
        status = C2D_OK;
    } else if (is_delayed(spool, drain, name) && !drain_has_settled(drain, message)) {
        drain->receiver.lost_at_ms = clock_monotonic_ms(NULL);
        status = report_delayed(spool, message);
    } else {
        struct disposition disposition = handle(spool, drain, name, message);

        status = disposition.status;
        *goes_on = disposition.kind != DISPOSITION_STOP;
    }
    c2d_message_free(message);
    return status;
}

enum c2d_status spool_handle(struct drain *drain)
{
    const struct spool *spool = drain->context;
    struct spool_names names;
    enum c2d_status result = C2D_OK;
    bool goes_on = true, in_doubt = drain_has_unsettled(drain);

    if (!spool_names_read(&names, spool->kept, spool->owner, ".json"))
        return report_failure(spool->app, errno == ENOMEM ? C2D_OS : STATUS_IO, NULL,
                              "'%s/new': %s", spool->path, strerror(errno));
    /* Messages in doubt must be delayed even if no more messages are handled. */
    for (size_t i = 0; ((goes_on && signals_caught() == 0) || in_doubt) && i < names.count; i++)
        result = worse(result, handle_file(spool, drain, names.items[i], &goes_on));
    spool_names_clear(&names);
    return result;
}
