#define _GNU_SOURCE /* execvpe, memfd_create, pipe2 */
#include "handler_start.h"

#include "base/text.h"

#include "../common/credentials.h"
#include "../common/output.h"
#include "../common/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Exit codes of a child that could not execute the program, as in a shell. */
enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

/* ---- The child ---- */

/* Returns an anonymous file with the body. Unlike with a pipe, the handler need not read it. */
static int body_file(const struct c2d_message *message)
{
    int fd = memfd_create("c2d-body", MFD_CLOEXEC);

    if (fd < 0
        || (output_write(fd, message->body, message->body_size) == message->body_size
            && lseek(fd, 0, SEEK_SET) == 0))
        return fd;
    close(fd);
    return -1;
}

/* Our own descriptors have O_CLOEXEC already. This sets it on the inherited ones. */
static void close_on_exec(void)
{
    enum { FIRST = STDERR_FILENO + 1, MOST = 65536 };
    DIR *folder;
    const struct dirent *entry;
    long limit;

#ifdef SYS_close_range
    enum { CLOEXEC = 1 << 2 }; /* CLOSE_RANGE_CLOEXEC, since Linux 5.11 */

    if (syscall(SYS_close_range, (unsigned)FIRST, ~0U, (unsigned)CLOEXEC) == 0)
        return;
#endif
    folder = opendir("/proc/self/fd");
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        long long fd;

        if (text_to_number(entry->d_name, INT_MAX, &fd) && fd >= FIRST)
            (void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    }
    if (folder != NULL) {
        closedir(folder);
        return;
    }
    limit = sysconf(_SC_OPEN_MAX);
    for (int fd = FIRST; fd < (limit > 0 && limit < MOST ? limit : MOST); fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void write_to_parent(int fd, const void *data, size_t size)
{
    if (write(fd, data, size) < 0) {
        /* The parent has died. */
    }
}

/* Runs in the child between fork() and exec(): only async-signal-safe calls. */
static _Noreturn void execute(const struct app *app, char **command, char **environment, int body,
                              int problem_fd)
{
    int problem;

    setsid();
    write_to_parent(problem_fd, "", 1);
    signals_restore();
    secrets_restore_limits(app->secrets);
    if (dup2(body, STDIN_FILENO) >= 0)
        execvpe(command[0], command, environment);
    problem = errno;
    write_to_parent(problem_fd, &problem, sizeof problem);
    _exit(problem == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Waits until the child leads its session. Before that, kill() of its group would fail. */
static void await_session(int problem_fd)
{
    char byte;

    while (read(problem_fd, &byte, 1) < 0 && errno == EINTR) {
    }
}

static pid_t fork_child(const struct app *app, char **command, char **environment, int body,
                        int *problem_fd)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    /* A signal in between is for the parent only. The child would run our handler for it. */
    signals_block(true);
    pid = fork();
    if (pid == 0)
        execute(app, command, environment, body, ends[1]);
    close(ends[1]);
    if (pid > 0) {
        await_session(ends[0]);
        signals_guard_child(pid);
        *problem_fd = ends[0];
    } else {
        int problem = errno;

        close(ends[0]);
        errno = problem;
    }
    signals_block(false);
    return pid;
}

pid_t handler_start(const struct app *app, char **command, const struct c2d_message *message,
                    enum env_cut *cut, int *problem_fd)
{
    int body = body_file(message), problem;
    char **environment = body < 0 ? NULL : handler_env_make(message, cut);
    pid_t pid = -1;

    if (environment != NULL) {
        close_on_exec();
        pid = fork_child(app, command, environment, body, problem_fd);
    } else if (body >= 0) {
        errno = ENOMEM;
    }
    problem = errno;
    handler_env_free(environment);
    if (body >= 0)
        close(body);
    errno = problem;
    return pid;
}

int handler_start_problem(int problem_fd)
{
    struct pollfd readable = { .fd = problem_fd, .events = POLLIN };
    int problem = 0;

    /* The child has ended, so it has written all. No waiting for end of file: another process
     * may still have the write end open. */
    if (poll(&readable, 1, 0) != 1
        || read(problem_fd, &problem, sizeof problem) != (ssize_t)sizeof problem)
        return 0;
    return problem;
}

/* ---- Why it failed ---- */

/* Opens program as execvpe(3) finds it, and stores its path. */
static FILE *open_program(const char *program, char *path, size_t size)
{
    const char *folders = getenv("PATH");
    FILE *file = NULL;

    if (strchr(program, '/') != NULL) {
        snprintf(path, size, "%s", program);
        return fopen(path, "re");
    }
    for (const char *at = folders; file == NULL && at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ":");

        if ((size_t)snprintf(path, size, "%.*s/%s", (int)length, at, program) < size)
            file = fopen(path, "re");
        at += length + (at[length] == ':' ? 1 : 0);
    }
    return file;
}

/* Reads the first line of program without its newline; "" if it cannot be read. */
static void read_first_line(const char *program, char *path, char line[static 256], size_t size)
{
    FILE *file = open_program(program, path, size);
    size_t count = file == NULL ? 0 : fread(line, 1, 255, file);

    line[count] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (file != NULL)
        fclose(file);
}

bool handler_start_explain(const char *program, bool executed, char text[static 512],
                           char hint[static 512])
{
    char line[256], path[4096];
    char *word;
    size_t size, start;

    read_first_line(program, path, line, sizeof path);
    size = strlen(line);
    if (size == 0 || (executed && (strncmp(line, "#!", 2) != 0 || line[size - 1] != '\r')))
        return false;
    if (strncmp(line, "#!", 2) != 0) {
        snprintf(text, 512, "the file is there, but not the loader that it was built for");
        return true;
    }
    start = 2 + strspn(line + 2, " \t");
    if (line[size - 1] != '\r') {
        snprintf(text, 512, "the file is there, but not the interpreter of its first line, '%.*s'",
                 (int)strcspn(line + start, " \t"), line + start);
        return true;
    }
    word = text_shell_word(path);
    snprintf(text, 512, "its first line ends in CR LF, so the name of its interpreter ends in CR");
    snprintf(hint, 512, "nothing is lost; end its lines in LF: sed -i 's/\\r$//' %s",
             word != NULL ? word : "FILE");
    free(word);
    return true;
}
