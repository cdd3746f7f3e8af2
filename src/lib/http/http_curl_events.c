/* An epoll instance of libcurl's sockets: waiting costs the same with 1 connection and with 64, and
 * a main loop can wait for its descriptor. */
#include "http_curl_transfer.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 16, /* handled in one poll */
    WAIT_MAX_MS = 60000,
};

/* libcurl's CURLMOPT_SOCKETFUNCTION: which events of a socket it waits for. */
static int on_events(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
    struct curl_transport *transport = context;
    struct epoll_event event = { .data.fd = fd };

    (void)easy, (void)unused;
    if (what == CURL_POLL_REMOVE) {
        /* Fails for a socket that is closed already, which has left the epoll. */
        (void)epoll_ctl(transport->events_fd, EPOLL_CTL_DEL, fd, &event);
        return 0;
    }
    if (what != CURL_POLL_OUT)
        event.events |= EPOLLIN;
    if (what != CURL_POLL_IN)
        event.events |= EPOLLOUT;
    /* Failures are ignored: libcurl would end all transfers. This one ends with its time-out. */
    if (epoll_ctl(transport->events_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        (void)epoll_ctl(transport->events_fd, EPOLL_CTL_MOD, fd, &event);
    return 0;
}

/* libcurl's CURLMOPT_TIMERFUNCTION: it wants to be called in timeout_ms; -1: no timer. */
static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct curl_transport *transport = context;

    (void)multi;
    transport->timer_ms = timeout_ms < 0 ? INT64_MAX : clock_monotonic_ms(NULL) + timeout_ms;
    return 0;
}

static void act(struct curl_transport *transport, curl_socket_t fd, int events)
{
    int running;

    (void)curl_multi_socket_action(transport->multi, fd, events, &running);
}

bool events_poll(struct curl_transport *transport, int64_t left_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int left = left_ms < 0 ? 0 : left_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (int)left_ms;
    int count = epoll_wait(transport->events_fd, events, EVENTS_MAX, left);
    bool is_over = count < 0;
    uint64_t times;

    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd, bits = 0;

        if (fd == transport->watched_fd) {
            is_over = true;
            continue;
        }
        if (fd == transport->timer_fd) {
            transport->armed_ms = INT64_MAX;
            (void)!read(fd, &times, sizeof times);
            continue;
        }
        if ((events[i].events & EPOLLIN) != 0)
            bits |= CURL_CSELECT_IN;
        if ((events[i].events & EPOLLOUT) != 0)
            bits |= CURL_CSELECT_OUT;
        /* 0 if there is only EPOLLERR or EPOLLHUP: libcurl then checks the socket, and still reads
         * the data that was received. */
        act(transport, fd, bits);
    }
    return is_over;
}

void events_run_timer(struct curl_transport *transport, int64_t now_ms)
{
    if (now_ms < transport->timer_ms)
        return;
    transport->timer_ms = INT64_MAX;
    act(transport, CURL_SOCKET_TIMEOUT, 0);
}

int64_t events_due_ms(const struct curl_transport *transport, int64_t other_ms)
{
    return clock_earlier(clock_earlier(transport->timer_ms, transport->deadline_ms), other_ms);
}

/* Watches a duplicate of its own. If the caller closed fd while another duplicate is open, the
 * epoll would go on to report it, and EPOLL_CTL_DEL would fail with EBADF. */
void events_watch(void *self, int fd)
{
    struct curl_transport *transport = self;
    struct epoll_event event = { .events = EPOLLIN };

    if (fd == transport->watched_original)
        return;
    if (transport->watched_fd >= 0) {
        (void)epoll_ctl(transport->events_fd, EPOLL_CTL_DEL, transport->watched_fd, &event);
        close(transport->watched_fd);
    }
    transport->watched_original = fd;
    transport->watched_fd = event.data.fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    /* Fails for a regular file. That is always readable, so the caller does not wait. */
    if (transport->watched_fd >= 0)
        (void)epoll_ctl(transport->events_fd, EPOLL_CTL_ADD, transport->watched_fd, &event);
}

void events_wake_at(void *self, int64_t wake_ms)
{
    struct curl_transport *transport = self;
    int64_t at_ms = events_due_ms(transport, wake_ms), left_ms;
    struct itimerspec time = { 0 };

    if (transport->has_more)
        at_ms = 0;
    if (at_ms == transport->armed_ms)
        return;
    transport->armed_ms = at_ms;
    if (at_ms != INT64_MAX) {
        left_ms = at_ms - clock_monotonic_ms(NULL);
        left_ms = left_ms > 0 ? left_ms : 0;
        time.it_value.tv_sec = (time_t)(left_ms / 1000);
        time.it_value.tv_nsec = (long)(left_ms % 1000 * 1000000 + 1); /* 0 would disarm the timer */
    }
    (void)timerfd_settime(transport->timer_fd, 0, &time, NULL);
}

bool events_open(struct curl_transport *transport)
{
    struct epoll_event event = { .events = EPOLLIN };

    transport->events_fd = epoll_create1(EPOLL_CLOEXEC);
    transport->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (transport->timer_fd < 0)
        transport->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    event.data.fd = transport->timer_fd;
    return transport->events_fd >= 0 && transport->timer_fd >= 0
           && epoll_ctl(transport->events_fd, EPOLL_CTL_ADD, transport->timer_fd, &event) == 0;
}

bool events_join(struct curl_transport *transport)
{
    CURLM *multi = transport->multi;

    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_events) == CURLM_OK
           && curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transport) == CURLM_OK
           && curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK
           && curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transport) == CURLM_OK;
}

void events_close(struct curl_transport *transport)
{
    if (transport->watched_fd >= 0)
        close(transport->watched_fd);
    if (transport->events_fd >= 0)
        close(transport->events_fd);
    if (transport->timer_fd >= 0)
        close(transport->timer_fd);
}
