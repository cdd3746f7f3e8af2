/* Makes allocations of the code under test fail: the --wrap of the linker redirects them here. */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the n-th allocation from now fail, counted from 1; with lasting, all later ones too. */
void alloc_fail_at(size_t n, bool lasting);
/* Ends the failures; returns true if there was one. */
bool alloc_stop(void);
/* Counts n up from 1 until fewer than n allocations are made, so that each one fails once:
 *     for (size_t n = 0; alloc_next(&n);) { alloc_fail_at(n, false); ...; alloc_stop(); ... } */
bool alloc_next(size_t *n);
/* Between these two, allocations are not counted and do not fail. Calls may nest. */
void alloc_pause(void);
void alloc_resume(void);

/* malloc() of the code under test, for libraries that take an allocator. */
void *alloc_malloc(size_t size);

#endif
