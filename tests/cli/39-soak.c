/* One process that sends, receives and completes many messages for a fleet while the hub fails now
 * and then. Every message is accounted for, and memory and descriptors stay as they were.
 * usage: soak MESSAGES CONTROL; "CONTROL faults" spoils some of the next requests, "CONTROL slow"
 * delays all instead, "CONTROL lapse" ends both and lets the hub's locks expire */
#include "39-embed.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>

enum {
    DEVICES = 50,
    PARALLEL = 16,
    STEP = 2000, /* messages between two mixtures of faults */
    SAMPLES_MAX = 10,
    BODY_MAX = 60000,
    POLLS_MAX = 20,
};

/* What became of a message. */
enum {
    SENT = 1,
    SEND_IN_DOUBT = 2,
    COMPLETED = 4,
    SETTLE_IN_DOUBT = 8,
    TWICE = 16, /* completed more than once */
};

struct device {
    struct c2d_client *client;
    char id[16];
    char body[BODY_MAX]; /* of the message that is being sent */
    char message_id[16];
    struct c2d_message message;
    size_t number; /* of the message in hand */
};

struct memory {
    long rss_kib;
    int descriptors;
};

static struct device devices[DEVICES];
static struct c2d_client *service;
static unsigned char *fates;
static size_t message_count, next_number, results;
static size_t next_faults; /* the number of the message before which some are asked for */
static const char *control_path;
static uint64_t random_state = 88172645463325252;

static void fail(const char *what)
{
    embed_fail(what, NULL);
}

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void control(const char *word)
{
    char command[600];

    snprintf(command, sizeof command, "'%s' %s", control_path, word);
    if (system(command) != 0)
        fail(command);
}

/* ---- Messages: mostly small, one in 64 large; body and size follow from the number ---- */

static size_t body_size(size_t number)
{
    size_t hash = number * 2654435761U % 1000003;

    return number % 64 == 0 ? hash % BODY_MAX : hash % 700;
}

static char body_byte(size_t number, size_t at)
{
    return (char)('a' + (number + at * 7) % 26);
}

static void check_body(const struct c2d_message *message, size_t number)
{
    const char *body = message->body;

    if (message->body_size != body_size(number))
        fail("a body of another size");
    for (size_t i = 0; i < message->body_size; i++)
        if (body[i] != body_byte(number, i))
            fail("another body");
}

/* ---- Operations: each device has one under way ---- */

static void submit(struct c2d_client *client, const struct c2d_request *request)
{
    struct c2d_error error;

    if (c2d_submit(client, request, &error) != C2D_OK)
        embed_fail("c2d_submit", &error);
}

static void receive(struct device *device)
{
    submit(device->client, &(struct c2d_request) { .action = C2D_ACTION_RECEIVE, .tag = device });
}

static void send(struct device *device, size_t number)
{
    struct c2d_message *message = &device->message;

    device->number = number;
    message->body_size = body_size(number);
    for (size_t i = 0; i < message->body_size; i++)
        device->body[i] = body_byte(number, i);
    message->body = device->body;
    snprintf(device->message_id, sizeof device->message_id, "%zu", number);
    message->message_id = device->message_id;
    submit(service, &(struct c2d_request) { .action = C2D_ACTION_SEND,
                                            .tag = device,
                                            .device_id = device->id,
                                            .message = message });
}

static void send_next(struct device *device, size_t end)
{
    if (next_number >= end)
        return; /* it has done with its work */
    if (next_number >= next_faults) {
        control("faults");
        next_faults = next_number + STEP / 2 + random_next() % STEP;
    }
    send(device, next_number++);
}

static void note_send(struct device *device, const struct c2d_error *error)
{
    unsigned char *fate = &fates[device->number];

    if (error->status == C2D_OK)
        *fate |= SENT;
    if (error->status == C2D_UNKNOWN_OUTCOME || error->earlier_try_unanswered)
        *fate |= SEND_IN_DOUBT;
}

static void note_settlement(struct device *device, const struct c2d_error *error)
{
    unsigned char *fate = &fates[device->number];

    if (error->status == C2D_OK)
        *fate |= (*fate & COMPLETED) != 0 ? TWICE : COMPLETED;
    if (error->earlier_try_unanswered)
        *fate |= SETTLE_IN_DOUBT;
}

/* Settles what was received; false if nothing was. */
static bool settle(struct device *device, struct c2d_message *message)
{
    if (message == NULL)
        return false;
    device->number = strtoul(message->message_id, NULL, 10);
    if (device->number >= message_count)
        fail("a message that was never sent");
    check_body(message, device->number);
    submit(device->client, &(struct c2d_request) { .action = C2D_ACTION_SETTLE,
                                                   .tag = device,
                                                   .lock_token = message->lock_token,
                                                   .outcome = C2D_COMPLETE });
    c2d_message_free(message);
    return true;
}

/* What follows the result of a device; messages are sent up to the number end. */
static void go_on(struct c2d_result *result, size_t end)
{
    struct device *device = result->tag;

    results++;
    if (result->action == C2D_ACTION_SEND)
        note_send(device, &result->error);
    if (result->action == C2D_ACTION_SETTLE)
        note_settlement(device, &result->error);
    /* At the end each queue is emptied. */
    if (result->action == C2D_ACTION_SEND
        || (result->action == C2D_ACTION_SETTLE && next_number >= end))
        receive(device);
    else if (result->action == C2D_ACTION_SETTLE || !settle(device, result->message))
        send_next(device, end);
}

/* Messages go up to the number end, and every queue is emptied. */
static void run_to(size_t end)
{
    struct c2d_result result;

    for (size_t i = 0; i < DEVICES; i++)
        receive(&devices[i]);
    while (c2d_wait(service, -1, &result))
        go_on(&result, end);
    if (c2d_pending(service) != 0)
        fail("something is pending");
}

/* ---- Memory and descriptors ---- */

static struct memory measure(void)
{
    struct memory memory = { .descriptors = -3 }; /* ".", ".." and the folder's own */
    DIR *folder = opendir("/proc/self/fd");
    FILE *file = fopen("/proc/self/statm", "r");

    if (folder == NULL || file == NULL || fscanf(file, "%*s %ld", &memory.rss_kib) != 1)
        fail("/proc");
    fclose(file);
    while (readdir(folder) != NULL)
        memory.descriptors++;
    closedir(folder);
    memory.rss_kib *= sysconf(_SC_PAGESIZE) / 1024;
    return memory;
}

/* A moment at which nothing is under way, and as many connections are open as may be: while the hub
 * is slow none can take over another's work, and what a fault has cut is opened again. */
static struct memory rest(int expected)
{
    struct memory memory = { 0 };

    control("slow");
    for (int i = 0; i < POLLS_MAX && (i == 0 || memory.descriptors < expected); i++) {
        run_to(next_number);
        memory = measure();
    }
    return memory;
}

/* ---- The account ---- */

static int judge(void)
{
    size_t once = 0, in_doubt = 0, refused = 0, wrong = 0;

    for (size_t i = 0; i < message_count; i++) {
        unsigned fate = fates[i];
        bool is_doubted = (fate & (SEND_IN_DOUBT | SETTLE_IN_DOUBT)) != 0;

        if (is_doubted)
            in_doubt++;
        else if (fate == (SENT | COMPLETED))
            once++;
        else if (fate == 0)
            refused++;
        else
            wrong++;
    }
    printf("messages %zu: completed once %zu, reported in doubt %zu, refused %zu, wrong %zu\n",
           message_count, once, in_doubt, refused, wrong);
    return wrong == 0 && once > message_count * 9 / 10 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct memory first = { 0 }, last = { 0 };
    size_t warm_up;
    int code, samples;

    signal(SIGPIPE, SIG_IGN); /* see c2d.h */
    if (argc != 3 || (message_count = strtoul(argv[1], NULL, 10)) < 500)
        return C2D_USAGE;
    samples = message_count < 1000 * SAMPLES_MAX ? 2 : SAMPLES_MAX;
    control_path = argv[2];
    fates = malloc(message_count);
    if (fates == NULL)
        return C2D_OS;
    memset(fates, 0, message_count);
    memset(devices, 1, sizeof devices); /* all of it counts from the start */
    service = embed_service(PARALLEL, NULL);
    random_state ^= message_count;
    for (unsigned i = 0; i < DEVICES; i++) {
        devices[i] = (struct device) { .client = embed_device(i, PARALLEL, service) };
        embed_id(devices[i].id, i);
    }
    warm_up = message_count / 10 < 20000 ? message_count / 10 : 20000;
    for (int i = 0; i <= samples; i++) {
        size_t part = (message_count - warm_up) / (size_t)samples;
        size_t end = i == samples ? message_count : warm_up + part * (size_t)i;

        run_to(end);
        last = rest(i == 0 ? PARALLEL : first.descriptors);
        next_faults = next_number;
        if (i == 0)
            first = last;
        printf("after %zu messages, %zu results: RSS %ld KiB, %d descriptors\n", next_number,
               results, last.rss_kib, last.descriptors);
        fflush(stdout);
        if (last.descriptors != first.descriptors)
            fail("other descriptors than after the warm-up");
    }
    for (int i = 0; i < 3; i++) {
        control("lapse");
        run_to(next_number);
    }
    code = judge();
    printf("RSS grew by %ld KiB\n", last.rss_kib - first.rss_kib);
    for (size_t i = DEVICES; i-- > 0;)
        c2d_client_free(devices[i].client);
    c2d_client_free(service);
    free(fates);
    return code;
}
