#include "alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
    size_t left; /* allocations until the one that fails; 0: none fails */
    bool lasting;
    bool failed;
    int paused;
} state;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

static bool fails(void)
{
    if (state.paused > 0 || state.left == 0)
        return false;
    if (state.left > 1) {
        state.left--;
        return false;
    }
    state.failed = true;
    errno = ENOMEM; /* as malloc() does */
    state.left = state.lasting ? 1 : 0;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

void alloc_fail_at(size_t n, bool lasting)
{
    state.left = n;
    state.lasting = lasting;
    state.failed = false;
}

bool alloc_stop(void)
{
    state.left = 0;
    return state.failed;
}

bool alloc_next(size_t *n)
{
    if (*n > 0 && !state.failed)
        return false;
    ++*n;
    return true;
}

void alloc_pause(void)
{
    state.paused++;
}

void alloc_resume(void)
{
    state.paused--;
}

void *alloc_malloc(size_t size)
{
    return malloc(size);
}
