#include "exit_status.h"

/* Of several failures, the one with the lowest rank becomes the exit code; of one rank, the first
 * that occurred. */
enum { RANK_OTHER = 10, RANK_OK };

struct meaning {
    enum c2d_status status;
    const char *name; /* of a status of the programs; NULL: the library's */
    int rank;
    bool is_temporary, ends_run;
};

/* A status that is not listed is permanent, ends no run, and has RANK_OTHER. */
static const struct meaning meanings[] = {
    { C2D_OK, NULL, RANK_OK, true, false }, /* found first, as it is looked up for each record */
    { C2D_CANCELLED, NULL, 1, false, true },
    { STATUS_IO, "IOERR", 2, false, true },
    { STATUS_CANT_CREATE, "CANTCREAT", 3, false, false },
    { C2D_OS, NULL, 4, false, true },
    { C2D_AUTH, NULL, 5, false, true },
    { C2D_CONFIG, NULL, 6, false, true },
    { STATUS_HANDLER, "HANDLER", 7, true, false },
    { STATUS_PARTIAL, "PARTIAL", 8, false, false },
    { C2D_LOCK_LOST, NULL, 9, true, false },
    { C2D_NOT_FOUND, NULL, RANK_OTHER, true, false }, /* a disabled device, too */
    { C2D_THROTTLED, NULL, RANK_OTHER, true, false },
    { C2D_QUOTA, NULL, RANK_OTHER, true, false },
    { C2D_TIMEOUT, NULL, RANK_OTHER, true, false },
    { C2D_NETWORK, NULL, RANK_OTHER, true, false },
    { C2D_TLS, NULL, RANK_OTHER, true, true },
    { C2D_SERVER, NULL, RANK_OTHER, true, false },
    { C2D_PROTOCOL, NULL, RANK_OTHER, true, false }, /* the response of a login portal, too */
    { STATUS_NEGATIVE, "NEGATIVE", RANK_OTHER, false, false },
    { STATUS_LOCKED, "LOCKED", RANK_OTHER, false, false },
    { STATUS_NO_INPUT, "NOINPUT", RANK_OTHER, false, false },
};

static const struct meaning *meaning_of(enum c2d_status status)
{
    static const struct meaning other = { .rank = RANK_OTHER };

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].status == status)
            return &meanings[i];
    return &other;
}

const char *status_name(enum c2d_status status)
{
    const char *name = meaning_of(status)->name;

    return name != NULL ? name : c2d_status_name(status);
}

bool status_is_temporary(enum c2d_status status)
{
    return meaning_of(status)->is_temporary;
}

bool status_ends_run(enum c2d_status status)
{
    return meaning_of(status)->ends_run;
}

enum c2d_status worse(enum c2d_status first, enum c2d_status second)
{
    return meaning_of(second)->rank < meaning_of(first)->rank ? second : first;
}
