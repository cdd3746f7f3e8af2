/* The calls that wait for their next attempt, sorted by its time. */
#ifndef CALL_HEAP_H
#define CALL_HEAP_H

#include "call.h"

/* A binary heap of pointers. Zeroed: empty. */
struct call_heap {
    struct call **calls;
    size_t count, capacity;
};

/* Makes room for count calls, 1 or more, so that adding one cannot fail. False: out of memory. */
bool call_heap_reserve(struct call_heap *heap, size_t count);
/* Adds a call by its wake_ms, which must not change until it is removed. */
void call_heap_add(struct call_heap *heap, struct call *call);
void call_heap_remove(struct call_heap *heap, struct call *call);
/* Returns the call with the earliest wake_ms; NULL: the heap is empty. */
struct call *call_heap_first(const struct call_heap *heap);
void call_heap_clear(struct call_heap *heap);

#endif
