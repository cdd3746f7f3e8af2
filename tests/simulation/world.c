#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- Clocks ---- */

int64_t world_hub_ms(int64_t at_ms)
{
    return WORLD_START_S * 1000 + at_ms;
}

static int64_t wall_ms(void *context)
{
    const struct world *world = context;

    return world_hub_ms(world->now_ms) + world->wall_off_ms;
}

static int64_t monotonic_ms(void *context)
{
    return ((const struct world *)context)->now_ms;
}

static uint64_t noise(void *context)
{
    return chance_next(&((struct world *)context)->noise);
}

struct clock world_clock(struct world *world)
{
    return (struct clock) { wall_ms, monotonic_ms, noise, world };
}

/* ---- Events ---- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order);
}

static void swap(struct event *a, struct event *b)
{
    struct event held = *a;

    *a = *b;
    *b = held;
}

static void make_room(struct world *world)
{
    if (world->event_count < world->event_capacity)
        return;
    world->event_capacity = world->event_capacity * 2 + 64;
    world->events = realloc(world->events, world->event_capacity * sizeof *world->events);
    if (world->events == NULL)
        abort();
}

void world_add(struct world *world, int64_t due_ms, enum event_kind kind, int64_t span_ms,
               void *subject)
{
    size_t at = world->event_count;

    make_room(world);
    world->events[world->event_count++] = (struct event) {
        .due_ms = due_ms < world->now_ms ? world->now_ms : due_ms,
        .order = world->next_order++,
        .kind = kind,
        .span_ms = span_ms,
        .subject = subject,
    };
    for (; at > 0 && is_before(&world->events[at], &world->events[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&world->events[at], &world->events[(at - 1) / 2]);
}

static void sift_down(struct world *world)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < world->event_count) {
        if (child + 1 < world->event_count
            && is_before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!is_before(&world->events[child], &world->events[at]))
            return;
        swap(&world->events[child], &world->events[at]);
        at = child;
    }
}

bool world_take(struct world *world, int64_t until_ms, struct event *event)
{
    if (world->event_count == 0 || world->events[0].due_ms > until_ms)
        return false;
    *event = world->events[0];
    world->events[0] = world->events[--world->event_count];
    sift_down(world);
    return true;
}

/* ---- Cancelling ---- */

void world_cancel(struct world *world)
{
    world->is_cancelled = true;
    if (eventfd_write(world->cancel_fd, 1) != 0)
        abort();
}

void world_end_cancel(struct world *world)
{
    eventfd_t count;

    if (world->is_cancelled && eventfd_read(world->cancel_fd, &count) != 0)
        abort();
    world->is_cancelled = false;
}

/* ---- The trace ---- */

void world_trace(struct world *world, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    /* FNV-1a, over eight bytes at once. */
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = size;

        memcpy(&word, bytes + i, size - i < sizeof word ? size - i : sizeof word);
        world->trace = (world->trace ^ word) * UINT64_C(0x100000001b3);
        world->trace ^= world->trace >> 32;
    }
}

void world_log(const struct world *world, const char *format, ...)
{
    va_list arguments;

    if (!world->shows)
        return;
    printf("%10lld.%03d  ", (long long)(world->now_ms / 1000), (int)(world->now_ms % 1000));
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void world_fail(struct world *world, const char *format, ...)
{
    char line[sizeof world->violation];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (world->violation[0] == '\0')
        memcpy(world->violation, line, sizeof line);
    world_log(world, "VIOLATION: %s", line);
}

/* ---- The world ---- */

void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world) {
        .seed = seed,
        .now_ms = 1000000,
        .clock_is_honest = true,
        .cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
        .noise = chance_from(seed, 0, 1),
        .trace = UINT64_C(0xcbf29ce484222325),
    };
    if (world->cancel_fd < 0)
        abort();
}

void world_clear(struct world *world)
{
    close(world->cancel_fd);
    free(world->events);
}
