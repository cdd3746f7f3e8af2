/* Lets allocations of the code under test fail: the linker's --wrap leads them here. */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation from now, counted from 1, fails; with lasting, so do all behind it. */
void alloc_fail_at(size_t n, bool lasting);
/* No more failures; true if there was one. */
bool alloc_stop(void);
/* In between, allocations are neither counted nor failed: for what is not under test. May nest. */
void alloc_pause(void);
void alloc_resume(void);

/* malloc() as the code under test sees it, for libraries that take an allocator. */
void *alloc_malloc(size_t size);

#endif
