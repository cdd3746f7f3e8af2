/* Measures how late a timer of 10 ms is in a loop around poll(2), while the loop polls DEVICES of
 * one hub in turn over 16 connections. Ends after REQUESTS.
 * usage: poll_timer HOST CA-FILE DEVICES REQUESTS [drain]
 * Prints the delay of the latest tick and the 99th percentile, in microseconds. With drain it calls
 * c2d_wait() after each event until it returns false, otherwise once. */
#include "c2d.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CONNECTIONS = 16, TICK_US = 10000, TICKS_MAX = 100000 };

static struct c2d_client **devices;
static long requests, asked, answered;
static int64_t late_us[TICKS_MAX];
static size_t tick_count;

static void fail(const char *what, const struct c2d_error *error)
{
    fprintf(stderr, "poll_timer: %s: %s\n", what, error->text);
    exit(EXIT_FAILURE);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct c2d_client *device_new(const char *host, long number, const char *ca_file)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *device;
    struct c2d_error error;
    char text[512];

    options.parallel = CONNECTIONS;
    options.ca_file = ca_file;
    options.share = devices[0];
    snprintf(text, sizeof text, "HostName=%s;DeviceId=device-%ld;SharedAccessKey=a2V5IG9m%08ld",
             host, number, number);
    if (c2d_client_new(&device, text, &options, &error) != C2D_OK)
        fail(text, &error);
    return device;
}

static void ask(struct c2d_client *device)
{
    struct c2d_request request = { .action = C2D_ACTION_RECEIVE, .tag = device };
    struct c2d_error error;

    if (c2d_submit(device, &request, &error) != C2D_OK)
        fail(c2d_client_device_id(device), &error);
    asked++;
}

/* True if there was a result. */
static bool take_result(void)
{
    struct c2d_result result;

    if (!c2d_wait(devices[0], 0, &result))
        return false;
    if (result.error.status != C2D_NO_MESSAGE)
        fail(c2d_client_device_id(result.tag), &result.error);
    answered++;
    if (asked < requests)
        ask(result.tag);
    return true;
}

static void run(bool drains)
{
    struct pollfd library = { .fd = c2d_fd(devices[0]), .events = POLLIN };
    int64_t tick_us = now_us() + TICK_US, left_us;

    while (answered < requests) {
        left_us = tick_us - now_us();
        if (poll(&library, 1, left_us > 0 ? (int)((left_us + 999) / 1000) : 0) > 0)
            while (take_result() && drains)
                ;
        left_us = tick_us - now_us();
        if (left_us > 0)
            continue;
        if (tick_count < TICKS_MAX)
            late_us[tick_count++] = -left_us;
        tick_us = now_us() + TICK_US;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

    return (first > second) - (first < second);
}

int main(int argc, char **argv)
{
    long count;

    if (argc < 5 || (count = atol(argv[3])) < 1 || (requests = atol(argv[4])) < count)
        return C2D_USAGE;
    devices = calloc((size_t)count, sizeof *devices);
    if (devices == NULL)
        return C2D_OS;
    for (long i = 0; i < count; i++)
        devices[i] = device_new(argv[1], i, argv[2]);
    for (long i = 0; i < count; i++)
        ask(devices[i]);
    run(argc > 5);
    for (long i = count - 1; i >= 0; i--)
        c2d_client_free(devices[i]);
    free(devices);
    if (tick_count == 0)
        return EXIT_FAILURE;
    qsort(late_us, tick_count, sizeof *late_us, compare);
    printf("%lld %lld\n", (long long)late_us[tick_count - 1],
           (long long)late_us[(tick_count - 1) * 99 / 100]);
    return EXIT_SUCCESS;
}
