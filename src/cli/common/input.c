/* One loop for stdin and files. A signal ends it, however slowly the other side writes. */
#include "input.h"

#include "signals.h"

#include <errno.h>
#include <unistd.h>

enum c2d_status input_read(int fd, char *data, size_t size, size_t *count)
{
    *count = 0;
    while (*count < size) {
        ssize_t got = read(fd, data + *count, size - *count);

        /* The handler has no SA_RESTART: a read that blocks comes back for it. */
        if (signals_caught() != 0)
            return C2D_CANCELLED;
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return C2D_NO_INPUT;
        *count += got > 0 ? (size_t)got : 0;
    }
    return C2D_OK;
}
