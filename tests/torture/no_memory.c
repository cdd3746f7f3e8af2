/* no_memory: preloaded into a program, makes its N-th allocation fail, or also all later ones.
 *
 *     NO_MEMORY="all|own N once|lasting" LD_PRELOAD=no_memory.so PROGRAM...
 *
 * own counts the allocations of the program's code, all also those of its libraries, both from
 * main() on. Writes to stderr "ready" before main(), "struck" when the first one fails, and
 * "crashed in" with the code that crashed. With NO_MEMORY_COUNT=FILE it writes the numbers of
 * allocations to FILE at the end: "all N" and "own N". Does not affect programs that this one
 * starts. */
#define _GNU_SOURCE /* dladdr, dl_iterate_phdr */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#pragma GCC visibility push(default)

/* The allocator itself, as glibc exports it to wrappers. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct {
    uintptr_t start, end; /* of the program's own code and data */
    size_t all, own;      /* numbers of allocations so far */
    size_t fails_at;      /* 0: none fails */
    bool only_own, lasting, struck;
    const char *count_file;
    bool armed; /* set right before main() */
} state;

static void print_event(const char *what, const char *who)
{
    char line[256];
    int size = snprintf(line, sizeof line, "no_memory: %s%s\n", what, who);
    struct iovec part = { line, (size_t)size };

    /* Not write(2): other faults make it fail. */
    if (writev(STDERR_FILENO, &part, 1) < 0) {
        /* The worker reports the missing line. */
    }
}

static bool is_own(const void *code)
{
    return (uintptr_t)code >= state.start && (uintptr_t)code < state.end;
}

static bool fails(const void *caller)
{
    bool own = is_own(caller);
    size_t count;

    if (!state.armed)
        return false;
    state.all++;
    state.own += own ? 1 : 0;
    count = state.only_own ? state.own : state.all;
    if (state.fails_at == 0 || (state.only_own && !own)
        || !(state.lasting ? count >= state.fails_at : count == state.fails_at))
        return false;
    if (!state.struck)
        print_event("struck", "");
    state.struck = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

/* Replaced, because otherwise libc would be the caller of malloc(). */
char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}

/* ---- Crashes ---- */

/* Attributes the crash to the first frame that is not in libc or in this library. */
static void on_crash(int number)
{
    void *frames[64];
    int count = backtrace(frames, 64);
    const char *who = "unknown code";

    for (int i = 0; i < count; i++) {
        Dl_info info;

        if (is_own(frames[i])) {
            who = "the program";
            break;
        }
        if (dladdr(frames[i], &info) != 0 && info.dli_fname != NULL
            && strstr(info.dli_fname, "/libc.so") == NULL
            && strstr(info.dli_fname, "no_memory.so") == NULL) {
            who = info.dli_fname;
            break;
        }
    }
    print_event("crashed in ", who);
    signal(number, SIG_DFL);
    raise(number);
}

/* ---- Start and end ---- */

static int note_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type != PT_LOAD)
            continue;
        if (state.start == 0)
            state.start = info->dlpi_addr + part->p_vaddr;
        state.end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
    }
    return 1; /* stop: the program is the first one */
}

/* Constructors of preloaded libraries run last, right before main(). */
__attribute__((constructor)) static void begin(void)
{
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
    const char *wish = getenv("NO_MEMORY");
    char which[8] = "", how[8] = "";
    void *frame;

    dl_iterate_phdr(note_program, NULL);
    if (wish != NULL && sscanf(wish, "%7s %zu %7s", which, &state.fails_at, how) == 3) {
        state.only_own = strcmp(which, "own") == 0;
        state.lasting = strcmp(how, "lasting") == 0;
    }
    state.count_file = getenv("NO_MEMORY_COUNT");
    unsetenv("LD_PRELOAD");
    unsetenv("NO_MEMORY");
    unsetenv("NO_MEMORY_COUNT");
    (void)backtrace(&frame, 1); /* its first call loads a library */
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], on_crash);
    print_event("ready", "");
    state.armed = true;
}

__attribute__((destructor)) static void end(void)
{
    FILE *file;

    state.armed = false;
    file = state.count_file == NULL ? NULL : fopen(state.count_file, "we");
    if (file == NULL)
        return;
    fprintf(file, "all %zu\nown %zu\n", state.all, state.own);
    fclose(file);
}
