/* Runs a program with an unusual standard descriptor, and is the peer of that descriptor.
 *
 *     descriptors FD KIND END PROGRAM [ARG]...
 *
 * FD 0: what is in the file "input" comes to the program in two halves, after a pause before each.
 * FD 1, 2: what the program writes there goes to stdout as END says:
 *     all    read to the end
 *     late   the same, after a pause in which the program can fill what it has
 *     line   read to the first newline, then closed
 *     part   ten bytes are read of what is there, then closed
 *     none   closed as soon as there is something to read, unread
 *     half   nothing more is sent from this end (TCP), then as all
 *     idle   neither read nor closed
 *     term   read until SIGTERM comes, then closed
 * KIND: pipe, unix, tcp, datagram or seqpacket; with "+" after it the program's end does not block,
 * and a pipe is as small as can be.
 *
 * SIGTERM is passed on, with "term" the second one is. Ends as the program does, or with 99 if that
 * still runs 10 s after its last sign of life. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 400, LIMIT_S = 10 };

static pid_t child;
static volatile sig_atomic_t terminated;
static volatile sig_atomic_t passes_on;

static void on_term(int number)
{
    terminated = 1;
    if (passes_on)
        kill(child, number);
}

static void on_alarm(int number)
{
    (void)number;
    kill(child, SIGKILL);
    _exit(99);
}

static void fail(const char *what)
{
    perror(what);
    exit(98);
}

static void connect_tcp(int fds[2])
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fds[1] = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0
        || connect(fds[1], (struct sockaddr *)&address, size) != 0)
        fail("tcp");
    fds[0] = accept(listener, NULL, NULL);
    close(listener);
}

/* fds[0] is for this process, fds[1] for the program. */
static void make(int fd, const char *kind, int fds[2])
{
    int pair[2];

    if (strncmp(kind, "pipe", 4) == 0) {
        if (pipe(pair) != 0)
            fail("pipe");
        fds[0] = pair[fd == 0 ? 1 : 0];
        fds[1] = pair[fd == 0 ? 0 : 1];
    } else if (strncmp(kind, "tcp", 3) == 0) {
        connect_tcp(fds);
    } else if (socketpair(AF_UNIX,
                          *kind == 'd'   ? SOCK_DGRAM
                          : *kind == 's' ? SOCK_SEQPACKET
                                         : SOCK_STREAM,
                          0, fds)
               != 0) {
        fail("socketpair");
    }
    if (strchr(kind, '+') != NULL) {
        fcntl(fds[1], F_SETFL, fcntl(fds[1], F_GETFL) | O_NONBLOCK);
        fcntl(fds[1], F_SETPIPE_SZ, 4096);
    }
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec) { ms / 1000, ms % 1000 * 1000000L }, NULL);
}

/* Copies to stdout until the end, or until most bytes or a newline have come. */
static void copy(int fd, size_t most, int to_newline)
{
    char data[65536];

    while (most > 0 && !terminated) {
        ssize_t count = read(fd, data, most < sizeof data ? most : sizeof data);

        if (count < 0 && errno == EINTR && passes_on)
            continue;
        if (count <= 0)
            return;
        alarm(LIMIT_S);
        most -= (size_t)count;
        if (write(STDOUT_FILENO, data, (size_t)count) != count)
            fail("write");
        if (to_newline && memchr(data, '\n', (size_t)count) != NULL)
            return;
    }
}

static void take(int fd, const char *end)
{
    struct pollfd readable = { .fd = fd, .events = POLLIN };

    if (strcmp(end, "late") == 0)
        pause_ms(PAUSE_MS);
    if (strcmp(end, "half") == 0)
        shutdown(fd, SHUT_WR);
    if (strcmp(end, "none") == 0 || strcmp(end, "part") == 0)
        poll(&readable, 1, -1);
    if (strcmp(end, "none") != 0)
        copy(fd, strcmp(end, "part") == 0 ? 10 : SIZE_MAX, strcmp(end, "line") == 0);
}

static void give(int fd)
{
    static char data[1 << 20];
    FILE *file = fopen("input", "r");
    size_t size = file == NULL ? 0 : fread(data, 1, sizeof data, file);
    size_t half = size / 2;

    if (file != NULL)
        fclose(file);
    pause_ms(PAUSE_MS / 2);
    if (write(fd, data, half) != (ssize_t)half)
        perror("input");
    pause_ms(PAUSE_MS / 2);
    if (write(fd, data + half, size - half) != (ssize_t)(size - half))
        perror("input");
}

int main(int argc, char **argv)
{
    struct sigaction term = { .sa_handler = on_term }, late = { .sa_handler = on_alarm };
    int fd = argc < 5 ? -1 : atoi(argv[1]), fds[2], status = 0;

    if (fd < 0 || fd > 2)
        return 64;
    passes_on = strcmp(argv[3], "term") != 0;
    make(fd, argv[2], fds);
    child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        dup2(fds[1], fd);
        close(fds[1]);
        execvp(argv[4], argv + 4);
        fail(argv[4]);
    }
    close(fds[1]);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &term, NULL);
    sigaction(SIGALRM, &late, NULL);
    alarm(LIMIT_S);
    if (fd == 0)
        give(fds[0]);
    else if (strcmp(argv[3], "idle") != 0)
        take(fds[0], argv[3]);
    alarm(LIMIT_S);
    if (strcmp(argv[3], "idle") != 0)
        close(fds[0]);
    passes_on = 1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
