/* Two locks, because each covers what the other does not.
 *
 * An abstract Unix socket: its name lives in the kernel, so no cleaner of /tmp removes it, no
 * permission of a folder is needed, and cron, a login shell and systemd with PrivateTmp= or
 * ProtectSystem= share it. It belongs to the network namespace: a container with a network of its
 * own, or a unit with PrivateNetwork= or NetworkNamespacePath=, does not see it.
 *
 * A locked file in /run/lock or /tmp: it excludes the instances in other network namespaces that
 * share these folders, and versions of this program that know only the file. Where it cannot be
 * had, the socket is enough. */
#define _GNU_SOURCE /* SO_PEERCRED's struct ucred, accept4 */
#include "lock.h"

#include "../common/file_lock.h"
#include "../common/report.h"
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

/* How long a holder that does not listen (yet) is asked again: a new instance listens at once. */
enum { ASK_TRIES = 20, ASK_PAUSE_MS = 10 };

enum hold {
    HOLD_OURS,    /* until the process ends: the kernel lets go, however it ends */
    HOLD_TAKEN,   /* another instance of this user has it */
    HOLD_FOREIGN, /* a process has it that is not known to be this user's */
    HOLD_NONE,    /* there is no such lock here */
    HOLD_FAILED,  /* trouble that may pass, with errno set */
};

/* ---- The file ---- */

/* A folder of our own below one that everybody may write to: nobody else can have put a link or a
 * file of another into it. */
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

/* The file name in a folder of our own below parent; -1 with errno set. */
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

static enum hold take_file(uint64_t device)
{
    static const char *const parents[] = { "/run/lock", "/tmp" };
    char name[32];

    snprintf(name, sizeof name, "%016" PRIx64 ".lock", device);
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        int fd = open_lock(parents[i], name);

        if (fd < 0)
            continue;
        if (file_lock(fd))
            return HOLD_OURS;
        if (file_lock_is_taken()) {
            close(fd);
            return HOLD_TAKEN;
        }
        close(fd);
    }
    return HOLD_NONE;
}

/* ---- The socket ---- */

static int listener = -1; /* ours */

struct name {
    struct sockaddr_un address;
    socklen_t size;
};

/* The user is part of the name: one instance per device and user. In a user namespace the id is
 * the one that the namespace shows. */
static struct name name_of(uint64_t device)
{
    struct name name = { .address.sun_family = AF_UNIX };
    /* The first byte stays 0: that is what makes the name abstract. */
    int length = snprintf(name.address.sun_path + 1, sizeof name.address.sun_path - 1,
                          "c2d-device/%lu/%016" PRIx64, (unsigned long)geteuid(), device);

    name.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    return name;
}

/* Asks who holds the name. The kernel notes the user of a socket when it starts to listen. False
 * with errno set when it cannot be known: ECONNREFUSED when nobody listens. */
static bool ask_holder(const struct name *name, struct ucred *holder)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof *holder;
    bool ok;
    int problem;

    if (fd < 0)
        return false;
    ok = connect(fd, (const struct sockaddr *)&name->address, name->size) == 0
         && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, holder, &size) == 0;
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

/* Binds the name, or finds out who has it. A process that does not listen stays unknown. */
static enum hold take_name(uint64_t device, struct ucred *holder)
{
    const struct name name = name_of(device);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum hold hold = HOLD_FOREIGN;

    *holder = (struct ucred) { .pid = 0, .uid = (uid_t)-1 };
    if (fd < 0)
        return is_forbidden(errno) ? HOLD_NONE : HOLD_FAILED;
    for (int i = 0; hold == HOLD_FOREIGN && i < ASK_TRIES; i++) {
        if (bind(fd, (const struct sockaddr *)&name.address, name.size) == 0)
            hold = listen(fd, SOMAXCONN) == 0 ? HOLD_OURS : HOLD_FAILED;
        else if (errno != EADDRINUSE)
            hold = is_forbidden(errno) ? HOLD_NONE : HOLD_FAILED;
        else if (ask_holder(&name, holder) || errno != ECONNREFUSED)
            break;
        else /* a new instance, or one that ends just now */
            nanosleep(&(struct timespec) { 0, ASK_PAUSE_MS * 1000000L }, NULL);
    }
    if (hold == HOLD_FOREIGN && holder->uid == geteuid())
        hold = HOLD_TAKEN;
    if (hold == HOLD_OURS) {
        listener = fd;
    } else {
        int problem = errno;

        close(fd);
        errno = problem;
    }
    return hold;
}

void lock_answer(void)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
}

/* ---- Both ---- */

static enum c2d_status fail_foreign(const struct app *app, const struct ucred *holder)
{
    static const char hint[] = "have that process ended (as root, ss -xap names it by the socket "
                               "@c2d-device), or pass --no-lock if no other instance can run";
    const char *device = c2d_client_device_id(app->client);
    char process[32] = "";

    /* A process of another container has no id here. */
    if (holder->pid > 0)
        snprintf(process, sizeof process, ", process %ld", (long)holder->pid);
    if (holder->uid == (uid_t)-1)
        return report_failure(app, STATUS_CANT_CREATE, hint,
                              "a process that cannot be named holds the lock of device '%s'",
                              device);
    return report_failure(app, STATUS_CANT_CREATE, hint,
                          "another user (id %lu%s) holds the lock of device '%s'",
                          (unsigned long)holder->uid, process, device);
}

enum c2d_status lock_take(const struct app *app)
{
    uint64_t device = identity_hash(app->client);
    enum hold file = take_file(device);
    struct ucred holder;
    enum hold name = file == HOLD_TAKEN ? HOLD_TAKEN : take_name(device, &holder);

    if (name == HOLD_TAKEN)
        return report_failure(app, STATUS_LOCKED, NULL, "another instance receives for device '%s'",
                              c2d_client_device_id(app->client));
    if (name == HOLD_FOREIGN)
        return fail_foreign(app, &holder);
    if (name == HOLD_OURS || (name == HOLD_NONE && file == HOLD_OURS))
        return C2D_OK;
    return report_failure(app, STATUS_CANT_CREATE, "pass --no-lock if no other instance can run",
                          "no lock can be taken: %s",
                          name == HOLD_FAILED
                              ? strerror(errno)
                              : "Unix sockets are forbidden, and so are files in /run/lock and "
                                "/tmp");
}
