/* lacking: preloaded into a program, makes calls fail that some systems and some builds of libcurl
 * do not support.
 *
 *     LACKS_SYNC="ERROR [SUFFIX]"   fsync(2) of a folder fails; only of those whose path ends with
 *                                   SUFFIX, where it is given
 *     LACKS_LOCKS=ERROR             locks of open file descriptions fail
 *     LACKS_OPTIONS="NAME..."       libcurl does not know these options: QUICK_EXIT ...
 *     LACKS_OPENSSL=[TEXT]          libcurl has the TLS back ends TEXT; empty: none
 *     LACKS_CA_PATH=1               libcurl has no folder of certificates
 *
 * ERROR is EINVAL, EIO or ENOLCK. */
#define _GNU_SOURCE /* RTLD_NEXT */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
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

/* ---- The system ---- */

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

/* ---- libcurl: looked up, as this library is also preloaded into programs without it ----
 */

#undef curl_easy_setopt
/* glibc before 2.34 has it in libdl, which all programs with libcurl have loaded. */
#pragma weak dlsym

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static int lacks_option(CURLoption number)
{
    const struct curl_easyoption *(*by_id)(CURLoption);
    const char *at = getenv("LACKS_OPTIONS");
    const struct curl_easyoption *option;
    size_t size;

    if (at == NULL)
        return 0;
    *(void **)&by_id = next("curl_easy_option_by_id");
    option = by_id(number);
    for (; option != NULL && *at != '\0'; at += size + (at[size] == ' ' ? 1 : 0)) {
        size = strcspn(at, " ");
        if (size == strlen(option->name) && memcmp(at, option->name, size) == 0)
            return 1;
    }
    return 0;
}

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode (*real)(CURL *, CURLoption, ...);
    va_list list;
    CURLcode code;

    if (lacks_option(option))
        return CURLE_UNKNOWN_OPTION;
    *(void **)&real = next("curl_easy_setopt");
    va_start(list, option);
    if (option > CURLOPTTYPE_OFF_T)
        code = real(easy, option, va_arg(list, curl_off_t));
    else
        code = real(easy, option, va_arg(list, void *)); /* a long has the same size */
    va_end(list);
    return code;
}

curl_version_info_data *curl_version_info(CURLversion version)
{
    static curl_version_info_data info;
    curl_version_info_data *(*real)(CURLversion);
    const char *backends = getenv("LACKS_OPENSSL");

    *(void **)&real = next("curl_version_info");
    info = *real(version);
    if (backends != NULL)
        info.ssl_version = *backends == '\0' ? NULL : backends;
    if (getenv("LACKS_CA_PATH") != NULL)
        info.capath = NULL;
    return &info;
}
