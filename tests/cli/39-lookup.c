/* For LD_PRELOAD: each name look-up takes two seconds, as with a name server that does not answer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <time.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    nanosleep(&(struct timespec) { .tv_sec = 2 }, NULL);
    return real(name, service, hints, result);
}
