#define _GNU_SOURCE /* memmem */
#include "sim.h"

#include "base/buf.h"
#include "check.h"
#include "sim/call.h"
#include "sim/routes.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

static struct hub hub;
static struct call call;

static void set_up(void)
{
    memory_init();
    hub_init(&hub, HUB_NAME, 1);
    (void)hub_add_device(&hub, "dev1");
    hub.initial_count = hub.device_count;
    call.is_loopback = true; /* commands are for this machine only */
    call.response.headers = evbuffer_new();
    call.response.body = evbuffer_new();
}

/* ---- Requests ---- */

static void append_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_format(out, byte_is_alnum((unsigned char)*text) ? "%c" : "%%%02X", (int)*text);
}

/* Makes a token that is valid for an hour. policy NULL: of dev1. */
static char *make_token(const struct policy *policy)
{
    const struct secret *key = policy != NULL ? &policy->key : &hub.devices[0]->key;
    const char *resource = policy != NULL ? "localhost" : "localhost%2Fdevices%2Fdev1";
    long long expiry_s = hub_now_ms(&hub) / 1000 + 3600;
    char *to_sign = text_format("%s\n%lld", resource, expiry_s), base64[BASE64_SIZE(HASH_SIZE)];
    unsigned char hash[HASH_SIZE];
    struct buf token = { 0 };

    hmac_sha256(key->bytes, key->size, to_sign, hash);
    base64_encode(hash, sizeof hash, base64);
    buf_format(&token, "SharedAccessSignature sr=%s&se=%lld&sig=", resource, expiry_s);
    append_escaped(&token, base64);
    if (policy != NULL)
        buf_format(&token, "&skn=%s", policy->name);
    free(to_sign);
    return buf_take(&token);
}

/* Returns the token of the last locked message or feedback batch; "none": there is none. */
static const char *find_lock(void)
{
    struct queue *const queues[] = { &hub.devices[0]->queue, &hub.feedback.queue };
    const char *token = "none";

    for (size_t i = 0; i < 2; i++)
        for (struct message *message = NULL; (message = queue_next(queues[i], message)) != NULL;)
            if (message->locked_until_ms != 0)
                token = message->lock_token;
    return token;
}

/* Replaces the words of one head by tokens. */
static char *fill_in(const char *head, size_t size, size_t *new_size)
{
    char *service = make_token(hub_find_policy(&hub, "iothubowner")), *device = make_token(NULL);
    char *first = input_replace(head, size, "SERVICE", service, new_size);
    char *second = input_replace(first, *new_size, "DEVICE", device, new_size);
    char *third = input_replace(second, *new_size, "LOCK", find_lock(), new_size);

    free(service);
    free(device);
    free(first);
    free(second);
    return third;
}

/* ---- Responses ---- */

static const char *after_line(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));

    CHECK(newline != NULL && newline > at && newline[-1] == '\r');
    return newline + 1;
}

/* Checks a response of a hub without faults: framed by its length, and JSON if it says so. */
static void check_response(const char *data, size_t size)
{
    const char *at = data, *end = data + size, *next;
    bool is_json = false, is_framed = false;
    size_t length = 0;

    CHECK(size > 15 && memcmp(data, "HTTP/1.1 ", 9) == 0);
    for (next = after_line(at, end); next - at > 2; next = after_line(at, end)) {
        is_json = is_json || strncmp(at, "Content-Type: application/json", 30) == 0;
        if (strncmp(at, "Content-Length: ", 16) == 0) {
            CHECK(!is_framed);
            is_framed = true;
            length = (size_t)strtoul(at + 16, NULL, 10);
        }
        at = next;
    }
    CHECK(is_framed == (strncmp(data + 9, "204", 3) != 0));
    CHECK((size_t)(end - next) == length);
    if (is_json) {
        cJSON *tree = cJSON_ParseWithLength(next, length);

        CHECK(tree != NULL && length == strlen(next));
        cJSON_Delete(tree);
    }
}

/* False if a fault or the rawHeaders of a message may decide what a response looks like. */
static bool is_plain(void)
{
    return cJSON_GetArraySize(hub.faults) == 0 && hub.devices[0]->queue.enqueued == 0;
}

static void answer(bool was_plain)
{
    struct evbuffer *wire = evbuffer_new();
    size_t size;
    char *bytes;

    http_response_write(&call.response, strcmp(call.request.method, "HEAD") == 0, wire);
    size = evbuffer_get_length(wire);
    bytes = memory_new(size + 1);
    evbuffer_remove(wire, bytes, size);
    if (was_plain && is_plain() && strcmp(call.request.method, "HEAD") != 0)
        check_response(bytes, size);
    free(bytes);
    evbuffer_free(wire);
}

/* Counts of devices and messages are limited: the largest ones take seconds. */
static bool is_too_large(void)
{
    cJSON *tree = cJSON_ParseWithLength(call.request.body, call.request.body_size);
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(tree, "count");
    bool result = strncmp(call.request.target, "/_sim/devices", 13) == 0 && cJSON_IsNumber(count)
                  && count->valuedouble > 20;

    cJSON_Delete(tree);
    return result;
}

/* Serves the first request. Returns its size, or 0 if no other may follow. */
static size_t serve_one(const char *data, size_t size)
{
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    size_t head_size = end == NULL ? size : (size_t)(end - data) + 4, body_size = 0, filled;
    char *head = fill_in(data, head_size, &filled);
    bool was_plain = is_plain(), goes_on;

    http_request_parse(&call.request, head, filled);
    if (call.request.problem == 0) {
        body_size = call.request.body_size;
        if (body_size > size - head_size)
            body_size = call.request.body_size = size - head_size;
    }
    call.request.body = memory_new(body_size + 1);
    memcpy(call.request.body, data + head_size, body_size);
    http_response_reset(&call.response);
    if (!is_too_large()) {
        route_call(&hub, &call);
        answer(was_plain);
    }
    goes_on = !call.response.send_options.close && !call.response.send_options.drop;
    http_request_clear(&call.request);
    return goes_on ? head_size + body_size : 0;
}

void sim_serve(const void *data, size_t size)
{
    const char *at = data;

    if (hub.devices == NULL)
        set_up();
    while (size > 0) {
        size_t served = serve_one(at, size);

        if (served == 0)
            break;
        at += served;
        size -= served;
    }
    hub_reset(&hub);
}
