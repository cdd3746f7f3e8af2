/* The calls that sleep, by the time at which they wake. */
#ifndef CALL_HEAP_H
#define CALL_HEAP_H

#include "call.h"

/* A binary heap of pointers. Zeroed: empty. */
struct call_heap {
    struct call **calls;
    size_t count, capacity;
};

/* Makes room for count calls, so that to add one cannot fail; false without memory. */
bool call_heap_reserve(struct call_heap *heap, size_t count);
/* By call->wake_ms, which must not change until call is removed. */
void call_heap_add(struct call_heap *heap, struct call *call);
void call_heap_remove(struct call_heap *heap, struct call *call);
/* The one that wakes first; NULL: it is empty. */
struct call *call_heap_first(const struct call_heap *heap);
void call_heap_clear(struct call_heap *heap);

#endif
