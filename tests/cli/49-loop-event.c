/* c2d_fd() in a loop of libevent: see 49-loop-work.h.
 * usage: loop-event CA-FILE CONNECTIONS */
#include "49-loop-work.h"

#include <event2/event.h>
#include <stdlib.h>

static struct event_base *base;

static void on_readable(evutil_socket_t fd, short what, void *work)
{
    (void)fd;
    (void)what;
    work_on_readable(work);
}

static void on_tick(evutil_socket_t fd, short what, void *work)
{
    (void)fd;
    (void)what;
    if (!work_on_tick(work))
        event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
    static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
    struct work work;
    struct event *library, *timer;

    if (!work_start(&work, argc, argv))
        return work_end(&work);
    base = event_base_new();
    library = event_new(base, c2d_fd(work.back_end), EV_READ | EV_PERSIST, on_readable, &work);
    timer = event_new(base, -1, EV_PERSIST, on_tick, &work);
    event_add(library, NULL);
    event_add(timer, &tick);
    event_base_dispatch(base);
    /* Before the client, which closes the descriptor. */
    event_free(library);
    event_free(timer);
    event_base_free(base);
    libevent_global_shutdown();
    return work_end(&work);
}
