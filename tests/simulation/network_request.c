/* Reads requests as a hub would: path, headers and token. Anything else than the library's own
 * documents is the source, so that a common error cannot hide. */
#define _DEFAULT_SOURCE /* timegm */
#include "answer.h"
#include "network.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "model-hub.azure-devices.net"
#define POLICY "service"
#define SERVICE_KEY "the key of the model hub's back end"
#define DEVICE_KEY "the key\0of each device\n" /* bytes that a text cannot hold */

enum { SEGMENTS_MAX = 8, SEGMENT_SIZE = 160 };

/* ---- Identities ---- */

/* Ids with characters that have to be escaped. */
void network_device_id(size_t device, char id[static 40])
{
    static const char *const forms[][2] = { { "dev", "" }, { "Dev.", "'#" }, { "dev%41", "" } };
    const char *const *form = forms[device % 3];

    snprintf(id, 40, "%s%zu%s", form[0], device, form[1]);
}

void network_connection_string(const struct network *network, size_t device, char text[static 256])
{
    bool is_service = device == network->hub->device_count;
    unsigned char key[64];
    char id[40];

    if (is_service) {
        EVP_EncodeBlock(key, (const unsigned char *)SERVICE_KEY, sizeof SERVICE_KEY - 1);
        snprintf(text, 256, "HostName=" HOST ";SharedAccessKeyName=" POLICY ";SharedAccessKey=%s",
                 (const char *)key);
        return;
    }
    EVP_EncodeBlock(key, (const unsigned char *)DEVICE_KEY, sizeof DEVICE_KEY - 1);
    network_device_id(device, id);
    snprintf(text, 256, "HostName=" HOST ";DeviceId=%s;SharedAccessKey=%s", id, (const char *)key);
}

/* ---- Escapes ---- */

static void unescape(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        char digits[3] = { text[0] == '%' ? text[1] : '\0', text[0] == '%' ? text[2] : '\0', '\0' };

        if (strlen(digits) == 2 && strspn(digits, "0123456789ABCDEF") == 2) {
            *to++ = (char)strtoul(digits, NULL, 16);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

static void escape(const char *text, char *out)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

    static const char digits[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (strchr(plain, *text) != NULL) {
            *out++ = *text;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte / 16];
        *out++ = digits[byte % 16];
    }
    *out = '\0';
}

/* ---- Tokens ---- */

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 1;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static void sign(bool is_service, const char *resource, const char *end, char out[static 160])
{
    const char *key = is_service ? SERVICE_KEY : DEVICE_KEY;
    int key_size = is_service ? sizeof SERVICE_KEY - 1 : sizeof DEVICE_KEY - 1;
    unsigned char mac[32], text[64];
    char signed_text[512];
    int size = snprintf(signed_text, sizeof signed_text, "%s\n%s", resource, end);

    HMAC(EVP_sha256(), key, key_size, (const unsigned char *)signed_text, (size_t)size, mac, NULL);
    EVP_EncodeBlock(text, mac, sizeof mac);
    escape((const char *)text, out);
}

/* Copies the value of a field of a token; "" if it is missing. */
static void field(const char *token, const char *name, char *out, size_t size)
{
    const char *at = strstr(token, name);
    size_t length = at == NULL ? 0 : strcspn(at + strlen(name), "&");

    snprintf(out, size, "%.*s", (int)length, at == NULL ? "" : at + strlen(name));
}

/* True if token is valid for device (device_count: the back end), but for its end. */
static bool verify(struct network *network, const char *token, size_t device)
{
    bool is_service = device == network->hub->device_count;
    uint64_t hash = hash_of(token);
    char resource[256], end[32], signature[160], expected[160], id[40], plain[128], escaped[256];

    if (network->known_tokens[device] == hash)
        return true;
    field(token, "SharedAccessSignature sr=", resource, sizeof resource);
    field(token, "&se=", end, sizeof end);
    field(token, "&sig=", signature, sizeof signature);
    network_device_id(device, id);
    snprintf(plain, sizeof plain, is_service ? HOST : HOST "/devices/%s", id);
    escape(plain, escaped);
    sign(is_service, resource, end, expected);
    if (strcmp(resource, escaped) != 0 || strcmp(signature, expected) != 0
        || (strstr(token, "&skn=" POLICY) != NULL) != is_service)
        return false;
    network->known_tokens[device] = hash;
    return true;
}

/* A token lives for an hour. Without an honest clock, neither side knows the hour. */
static void check_life(struct network *network, const struct model_request *request)
{
    int64_t left_s = request->token_ends_s - world_hub_ms(network->world->now_ms) / 1000;

    if (network->world->clock_is_honest && (left_s <= 0 || left_s > 3601))
        world_fail(network->world, "%s %u: the token ends in %lld s", task_name(request->task),
                   request->task->number, (long long)left_s);
}

static void read_token(struct network *network, const char *token, struct model_request *request)
{
    bool is_device_call =
        request->action == C2D_ACTION_RECEIVE || request->action == C2D_ACTION_SETTLE;
    size_t device = is_device_call ? request->device : network->hub->device_count;
    char end[32];

    field(token, "&se=", end, sizeof end);
    request->token_ends_s = strtoll(end, NULL, 10);
    request->is_token_right = verify(network, token, device);
    if (!request->is_token_right)
        world_fail(network->world, "%s %u: the token is not valid: %s", task_name(request->task),
                   request->task->number, token);
    check_life(network, request);
}

/* ---- Paths ---- */

/* Splits a path at its slashes, and unescapes each part. */
static size_t split(const char *path, char parts[static SEGMENTS_MAX][SEGMENT_SIZE])
{
    size_t count = 0;

    while (*path == '/' && count < SEGMENTS_MAX) {
        size_t length = strcspn(++path, "/?");

        snprintf(parts[count], SEGMENT_SIZE, "%.*s", (int)length, path);
        unescape(parts[count++]);
        path += length;
    }
    return count;
}

/* Returns the number in a device id; device_count if it is none of ours. */
static unsigned device_of(const struct network *network, const char *id)
{
    const char *digits = strncmp(id, "dev%41", 6) == 0 ? id + 6 : id + strcspn(id, "0123456789");
    unsigned device = (unsigned)strtoul(digits, NULL, 10);
    char expected[40];

    network_device_id(device, expected);
    return device < network->hub->device_count && strcmp(id, expected) == 0
               ? device
               : (unsigned)network->hub->device_count;
}

static bool read_settlement(const char *method, const char *path, const char *const parts[2],
                            struct model_request *request)
{
    bool abandons =
        strcmp(method, "POST") == 0 && parts[1] != NULL && strcmp(parts[1], "abandon") == 0;

    request->lock = answer_lock_in(parts[0]);
    request->outcome = abandons                          ? C2D_ABANDON
                       : strstr(path, "&reject") != NULL ? C2D_REJECT
                                                         : C2D_COMPLETE;
    return abandons || (strcmp(method, "DELETE") == 0 && parts[1] == NULL);
}

static bool read_queue(const char *method, const char *path,
                       char parts[static SEGMENTS_MAX][SEGMENT_SIZE], size_t count,
                       struct model_request *request)
{
    const char *const rest[2] = { parts[4], count > 5 ? parts[5] : NULL };

    if (count == 4 && strcmp(method, "GET") == 0)
        request->action = C2D_ACTION_RECEIVE;
    else if (count == 4 && strcmp(method, "POST") == 0)
        request->action = C2D_ACTION_SEND;
    else if (count > 4 && read_settlement(method, path, rest, request))
        request->action = C2D_ACTION_SETTLE;
    else
        return false;
    return true;
}

static bool read_feedback(const char *method, const char *path,
                          char parts[static SEGMENTS_MAX][SEGMENT_SIZE], size_t count,
                          struct model_request *request)
{
    const char *const rest[2] = { parts[3], count > 4 ? parts[4] : NULL };

    request->action = count == 3 ? C2D_ACTION_FEEDBACK : C2D_ACTION_FEEDBACK_SETTLE;
    return count == 3
               ? strcmp(method, "GET") == 0
               : read_settlement(method, path, rest, request) && request->outcome != C2D_REJECT;
}

/* Reads method and path by the hub's documents. */
static bool read_path(const struct network *network, const struct http_request *http,
                      struct model_request *request)
{
    const char *path = http->url.data + http->path_at, *method = http->method;
    const char *to = http_headers_get(&http->headers, "iothub-to");
    char parts[SEGMENTS_MAX][SEGMENT_SIZE];
    size_t count = split(path, parts);

    request->device = (unsigned)network->hub->device_count;
    if (count == 2 && strcmp(parts[0], "messages") == 0 && to != NULL) {
        request->is_older_form = true;
        path = to;
        count = split(path, parts);
    }
    if (count >= 2 && strcmp(parts[0], "messages") == 0)
        return strcmp(parts[1], "serviceBound") == 0
               && read_feedback(method, path, parts, count, request);
    if (count < 2 || strcmp(parts[0], "devices") != 0)
        return false;
    request->device = device_of(network, parts[1]);
    if (count == 2)
        request->action = C2D_ACTION_DEVICE_INFO;
    else if (count == 3 && strcmp(parts[2], "commands") == 0)
        request->action = C2D_ACTION_PURGE;
    else
        return read_queue(method, path, parts, count, request);
    return true;
}

/* ---- Requests ---- */

static int64_t read_expiry(const struct http_request *http)
{
    const char *text = http_headers_get(&http->headers, "iothub-expiry");
    struct tm parts = { 0 };
    int ms = 0;

    if (text == NULL
        || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms)
               != 7)
        return 0;
    parts.tm_year -= 1900;
    parts.tm_mon--;
    return (int64_t)timegm(&parts) * 1000 + ms;
}

static struct task *find_task(const struct network *network, const struct model_request *request,
                              unsigned number)
{
    struct task *task = network->pending[request->device];

    while (task != NULL
           && (task->action != request->action
               || (request->action == C2D_ACTION_SEND && task->number != number)
               || (request->lock != 0
                   && (task->lock != request->lock || task->outcome != request->outcome))))
        task = task->next_pending;
    return task;
}

bool network_read_request(struct network *network, const struct http_request *http,
                          struct model_request *request)
{
    const char *id = http_headers_get(&http->headers, "iothub-messageid");

    *request = (struct model_request) { 0 };
    if (read_path(network, http, request))
        request->task = find_task(network, request, content_number_in(http));
    if (request->task == NULL || http->authorization == NULL) {
        world_fail(network->world, "a request that nobody asked for: %s %s", http->method,
                   http->url.data);
        return false;
    }
    request->task->used_older_form |= request->is_older_form;
    request->expires_ms = read_expiry(http);
    if (request->action == C2D_ACTION_SEND)
        snprintf(request->task->message_id, sizeof request->task->message_id, "%s",
                 id == NULL ? "" : id);
    read_token(network, http->authorization, request);
    return true;
}
