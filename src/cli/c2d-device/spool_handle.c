/* The second half of a spool: what is kept is handled, however long that takes, and then leaves. */
#include "../common/folder_sync.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "spool.h"
#include "spool_file.h"
#include "spool_name.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* False with errno set: then the message may be handled again. */
static bool remove_kept(const struct spool *spool, const char *name,
                        const struct c2d_message *message, enum verdict verdict)
{
    enum spool_moved moved = SPOOL_KNOWN;

    if (verdict == VERDICT_REJECT)
        moved = spool_move(spool, &(struct spool_place) { spool->kept, name },
                           &(struct spool_place) { spool->failed, name }, message);
    if (moved == SPOOL_NOT_MOVED)
        return false;
    /* Handled, or in the folder of the failed ones already. */
    if (moved == SPOOL_KNOWN && unlinkat(spool->kept, name, 0) != 0)
        return false;
    return folder_sync(spool->app, spool->kept, spool->path);
}

static struct dealt handle(const struct spool *spool, const struct drain *drain, const char *name,
                           const struct c2d_message *message)
{
    struct dealt dealt = handler_run(spool->handler, message);
    const char *settled = "left";

    if (dealt.verdict == VERDICT_COMPLETE || dealt.verdict == VERDICT_REJECT) {
        settled = dealt.verdict == VERDICT_COMPLETE ? "complete" : "reject";
        if (!remove_kept(spool, name, message, dealt.verdict)) {
            dealt.status = report_failure(spool->app, C2D_IO,
                                          "its message was handled, and may be handled again",
                                          "'%s/new/%s': %s", spool->path, name, strerror(errno));
            dealt.verdict = VERDICT_STOP;
            settled = "left";
        }
    }
    drain_tell_result(drain, &dealt, message->message_id, message->sequence_number, settled);
    return dealt;
}

enum c2d_status spool_handle(struct drain *drain)
{
    const struct spool *spool = drain->context;
    struct spool_names names;
    enum c2d_status result = C2D_OK;
    bool goes_on = true;

    if (!spool_names_read(&names, spool->kept, spool->owner, ".json"))
        return report_failure(spool->app, errno == ENOMEM ? C2D_OS : C2D_IO, NULL, "'%s/new': %s",
                              spool->path, strerror(errno));
    for (size_t i = 0; goes_on && i < names.count && signals_caught() == 0; i++) {
        enum c2d_status status;
        struct c2d_message *message = spool_load(spool->kept, names.items[i], &status);

        if (message != NULL && drain_is_in_doubt(drain, message)) {
            status = C2D_OK;
        } else if (message != NULL) {
            struct dealt dealt = handle(spool, drain, names.items[i], message);

            status = dealt.status;
            goes_on = dealt.verdict != VERDICT_STOP;
        } else if (status == C2D_OS) {
            report_failure(spool->app, status, NULL, "out of memory");
            goes_on = false;
        } else {
            status = report_failure(
                spool->app, C2D_HANDLER, NULL, "'%s/new/%s' cannot be handled: %s", spool->path,
                names.items[i],
                status == C2D_IO ? strerror(errno) : "it holds no message of this program");
        }
        result = worse(result, status);
        c2d_message_free(message);
    }
    spool_names_clear(&names);
    return result;
}
