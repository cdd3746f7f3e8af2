/* lacking: preloaded into a program, makes calls fail that some systems do not support.
 *
 *     LACKS_SYNC="ERROR [SUFFIX]"   fsync(2) of a folder fails; only of those whose path ends with
 *                                   SUFFIX, where it is given
 *     LACKS_LOCKS=ERROR             locks of open file descriptions fail
 *
 * ERROR is EINVAL, EIO or ENOLCK. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC visibility push(default)

enum { OFD_GETLK = 36, OFD_SETLK = 37 }; /* <fcntl.h> has them for _GNU_SOURCE only */

#ifdef SYS_fcntl64 /* 32-bit machines: their fcntl(2) does not know these locks */
#undef SYS_fcntl
#define SYS_fcntl SYS_fcntl64
#endif

long syscall(long number, ...);

static int number_of(const char *error)
{
    if (strncmp(error, "EINVAL", 6) == 0)
        return EINVAL;
    return strncmp(error, "ENOLCK", 6) == 0 ? ENOLCK : EIO;
}

static int lacks_sync(int fd, const char *wish)
{
    const char *suffix = strchr(wish, ' ') == NULL ? "" : strchr(wish, ' ') + 1;
    char link[64], path[4096];
    struct stat status;
    ssize_t size;

    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof path);
    return size >= (ssize_t)strlen(suffix)
           && memcmp(path + size - strlen(suffix), suffix, strlen(suffix)) == 0;
}

int fsync(int fd)
{
    const char *wish = getenv("LACKS_SYNC");

    if (wish != NULL && lacks_sync(fd, wish)) {
        errno = number_of(wish);
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int fcntl(int fd, int command, ...)
{
    const char *wish = getenv("LACKS_LOCKS");
    va_list list;
    void *argument;

    va_start(list, command);
    argument = va_arg(list, void *);
    va_end(list);
    if (wish != NULL && (command == OFD_SETLK || command == OFD_GETLK)) {
        errno = number_of(wish);
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

/* The names that glibc uses with 64-bit offsets and times. */
int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
int __fcntl_time64(int fd, int command, ...) __attribute__((alias("fcntl")));
