/* Two locks, because neither covers all cases.
 *
 * An abstract Unix socket has its name in the kernel. So no cleaner of /tmp removes it, and it
 * needs no permission on a folder. cron, a login shell and systemd with PrivateTmp= or
 * ProtectSystem= share it. It belongs to the network namespace. A container with its own network,
 * or a unit with PrivateNetwork= or NetworkNamespacePath=, does not see it.
 *
 * A locked file in /run/lock or /tmp excludes instances in other network namespaces that share
 * these folders. It also excludes versions of this program that use only the file. If the file is
 * not available, the socket is enough. */
#define _GNU_SOURCE /* SO_PEERCRED's struct ucred, accept4 */
#include "lock.h"

#include "base/file.h"

#include "../common/failure.h"
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* An owner that does not listen yet is queried again: a new instance listens at once. */
enum { QUERY_ATTEMPTS = 20, QUERY_PAUSE_MS = 10 };

enum lock_result {
    LOCK_OURS,        /* until the process ends, in whatever way: the kernel releases it */
    LOCK_TAKEN,       /* another instance of this user has it */
    LOCK_FOREIGN,     /* a process has it that is not known to be this user's */
    LOCK_UNAVAILABLE, /* this kind of lock is not available here */
    LOCK_FAILED,      /* a temporary error, with errno set */
};

/* ---- The file ---- */

/* Opens our own folder in a world-writable one. Its owner and mode are checked, so no other user
 * can place a link or file in it. */
static int open_own_folder(const char *parent)
{
    char path[64];
    struct stat status;
    int fd;

    snprintf(path, sizeof path, "%s/c2d-%lu", parent, (unsigned long)geteuid());
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 077) == 0)
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

/* Opens the file name in our own folder below parent. Returns -1 with errno set. */
static int open_lock(const char *parent, const char *name)
{
    int folder = open_own_folder(parent);
    int fd, problem;

    if (folder < 0)
        return -1;
    fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    problem = errno;
    close(folder);
    errno = problem;
    return fd;
}

static enum lock_result take_file(uint64_t device)
{
    static const char *const parents[] = { "/run/lock", "/tmp" };
    char name[32];

    snprintf(name, sizeof name, "%016" PRIx64 ".lock", device);
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        int fd = open_lock(parents[i], name);

        if (fd < 0)
            continue;
        if (file_lock(fd, file_whole))
            return LOCK_OURS;
        if (file_lock_is_taken()) {
            close(fd);
            return LOCK_TAKEN;
        }
        close(fd);
    }
    return LOCK_UNAVAILABLE;
}

/* ---- The socket ---- */

static int listener = -1; /* the bound socket; -1: none */

struct name {
    struct sockaddr_un address;
    socklen_t size;
};

/* The name includes the user, for one instance per device and user. In a user namespace this is the
 * id inside it. */
static struct name name_of(uint64_t device)
{
    struct name name = { .address.sun_family = AF_UNIX };
    /* The first byte stays 0, which makes the name abstract. */
    int length = snprintf(name.address.sun_path + 1, sizeof name.address.sun_path - 1,
                          "c2d-device/%lu/%016" PRIx64, (unsigned long)geteuid(), device);

    name.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    return name;
}

/* Queries the owner of the name. The kernel stores the user of a socket at listen(2). Returns false
 * with errno set; ECONNREFUSED: the owner does not listen. */
static bool query_owner(const struct name *name, struct ucred *owner)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof *owner;
    bool ok;
    int problem;

    if (fd < 0)
        return false;
    ok = connect(fd, (const struct sockaddr *)&name->address, name->size) == 0
         && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, owner, &size) == 0;
    problem = errno;
    close(fd);
    errno = problem;
    return ok;
}

/* Some sandboxes forbid Unix sockets, or abstract names. */
static bool is_forbidden(int problem)
{
    return problem == EAFNOSUPPORT || problem == EPERM || problem == EACCES;
}

/* Binds the name, or identifies its owner. A process that does not listen stays unknown. */
static enum lock_result take_name(uint64_t device, struct ucred *owner)
{
    const struct name name = name_of(device);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum lock_result result = LOCK_FOREIGN;

    *owner = (struct ucred) { .pid = 0, .uid = (uid_t)-1 };
    if (fd < 0)
        return is_forbidden(errno) ? LOCK_UNAVAILABLE : LOCK_FAILED;
    for (int i = 0; result == LOCK_FOREIGN && i < QUERY_ATTEMPTS; i++) {
        if (bind(fd, (const struct sockaddr *)&name.address, name.size) == 0)
            result = listen(fd, SOMAXCONN) == 0 ? LOCK_OURS : LOCK_FAILED;
        else if (errno != EADDRINUSE)
            result = is_forbidden(errno) ? LOCK_UNAVAILABLE : LOCK_FAILED;
        else if (query_owner(&name, owner) || errno != ECONNREFUSED)
            break;
        else /* a new instance, or one that is just ending */
            nanosleep(&(struct timespec) { 0, QUERY_PAUSE_MS * 1000000L }, NULL);
    }
    if (result == LOCK_FOREIGN && owner->uid == geteuid())
        result = LOCK_TAKEN;
    if (result == LOCK_OURS) {
        listener = fd;
    } else {
        int problem = errno;

        close(fd);
        errno = problem;
    }
    return result;
}

void lock_accept(void)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
}

/* ---- Both ---- */

static enum c2d_status fail_foreign(const char *device, const struct ucred *owner,
                                    struct c2d_error *error)
{
    static const char advice[] = "have that process ended (as root, ss -xap names it by the socket "
                                 "@c2d-device), or pass --no-lock if no other instance can run";
    char process[32] = "";

    /* A process of another container has no id in this one. */
    if (owner->pid > 0)
        snprintf(process, sizeof process, ", process %ld", (long)owner->pid);
    if (owner->uid == (uid_t)-1)
        return fail_with_hint(error, STATUS_CANT_CREATE, advice,
                              "a process that cannot be named holds the lock of device '%s'",
                              device);
    return fail_with_hint(error, STATUS_CANT_CREATE, advice,
                          "another user (id %lu%s) holds the lock of device '%s'",
                          (unsigned long)owner->uid, process, device);
}

enum c2d_status lock_take(const struct c2d_client *client, struct c2d_error *error)
{
    uint64_t device = identity_hash(client);
    enum lock_result file = take_file(device);
    struct ucred owner;
    enum lock_result name = file == LOCK_TAKEN ? LOCK_TAKEN : take_name(device, &owner);

    if (name == LOCK_TAKEN)
        return fail(error, STATUS_LOCKED, "another instance receives for device '%s'",
                    c2d_client_device_id(client));
    if (name == LOCK_FOREIGN)
        return fail_foreign(c2d_client_device_id(client), &owner, error);
    if (name == LOCK_OURS || (name == LOCK_UNAVAILABLE && file == LOCK_OURS))
        return C2D_OK;
    return fail_with_hint(error, STATUS_CANT_CREATE, "pass --no-lock if no other instance can run",
                          "no lock can be taken: %s",
                          name == LOCK_FAILED
                              ? strerror(errno)
                              : "Unix sockets are forbidden, and so are files in /run/lock and "
                                "/tmp");
}
