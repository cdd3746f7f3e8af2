#include "exit_status.h"

static const struct {
    enum c2d_status status;
    const char *name;
} names[] = {
    { STATUS_PARTIAL, "PARTIAL" },  { STATUS_NEGATIVE, "NEGATIVE" },
    { STATUS_HANDLER, "HANDLER" },  { STATUS_LOCKED, "LOCKED" },
    { STATUS_NO_INPUT, "NOINPUT" }, { STATUS_CANT_CREATE, "CANTCREAT" },
    { STATUS_IO, "IOERR" },
};

const char *status_name(enum c2d_status status)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            return names[i].name;
    return c2d_status_name(status);
}
