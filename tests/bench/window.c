/* A library for LD_PRELOAD: limits callgrind's count to a window between two calls of write(2) to
 * stdout. So the last lines of a long run are counted, and the others run at a tenth of the cost.
 * WINDOW_FROM: the count begins after this many calls. WINDOW_TO: it ends after this many. Needs
 * valgrind --tool=callgrind --instr-atstart=no. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

static long from, to, calls;

__attribute__((constructor)) static void read_window(void)
{
    const char *begin = getenv("WINDOW_FROM"), *end = getenv("WINDOW_TO");

    from = begin == NULL ? 0 : atol(begin);
    to = end == NULL ? 0 : atol(end);
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t count = syscall(SYS_write, fd, data, size);

    if (fd != STDOUT_FILENO)
        return count;
    calls++;
    if (calls == from)
        CALLGRIND_START_INSTRUMENTATION;
    if (calls == to)
        CALLGRIND_STOP_INSTRUMENTATION;
    return count;
}
