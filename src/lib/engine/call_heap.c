#include "call_heap.h"

#include "base/array.h"

#include <stdlib.h>

bool call_heap_reserve(struct call_heap *heap, size_t count)
{
    struct call **calls = array_reserve(heap->calls, &heap->capacity, count, sizeof(struct call *));

    if (calls == NULL)
        return false;
    heap->calls = calls;
    return true;
}

static void put(struct call_heap *heap, size_t place, struct call *call)
{
    heap->calls[place] = call;
    call->heap_place = place;
}

/* Puts call at place, which is free, or closer to the root. */
static void move_up(struct call_heap *heap, size_t place, struct call *call)
{
    while (place > 0 && heap->calls[(place - 1) / 2]->wake_ms > call->wake_ms) {
        put(heap, place, heap->calls[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(heap, place, call);
}

/* Puts call at place, which is free, or further from the root. */
static void move_down(struct call_heap *heap, size_t place, struct call *call)
{
    for (;;) {
        size_t child = 2 * place + 1;

        if (child + 1 < heap->count
            && heap->calls[child + 1]->wake_ms < heap->calls[child]->wake_ms)
            child++;
        if (child >= heap->count || heap->calls[child]->wake_ms >= call->wake_ms)
            break;
        put(heap, place, heap->calls[child]);
        place = child;
    }
    move_up(heap, place, call);
}

void call_heap_add(struct call_heap *heap, struct call *call)
{
    move_up(heap, heap->count++, call);
}

void call_heap_remove(struct call_heap *heap, struct call *call)
{
    struct call *last = heap->calls[--heap->count];

    if (last != call)
        move_down(heap, call->heap_place, last);
}

struct call *call_heap_first(const struct call_heap *heap)
{
    return heap->count == 0 ? NULL : heap->calls[0];
}

void call_heap_clear(struct call_heap *heap)
{
    free(heap->calls);
    *heap = (struct call_heap) { 0 };
}
