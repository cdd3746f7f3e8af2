#define _GNU_SOURCE /* tsearch */
#include "hub.h"
#include "tls.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now = { 0 };

    (void)clock_gettime(clock, &now); /* cannot fail for the two clocks used here */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Derives a key from the seed and a name, so that a reset restores it. */
static void make_key(const struct hub *hub, const char *kind, const char *name, struct secret *key)
{
    char *text = text_format("%s %s", kind, name);

    hmac_sha256(hub->seed, sizeof hub->seed, text, key->bytes);
    key->size = HASH_SIZE;
    free(text);
}

void hub_init(struct hub *hub, const char *name, int64_t time_scale)
{
    *hub = (struct hub) {
        .name = name,
        .start_ms = clock_ms(CLOCK_REALTIME),
        .start_monotonic_ms = clock_ms(CLOCK_MONOTONIC),
        .time_scale = time_scale,
        .policies = {
            { .name = "service", .permissions = SERVICE_CONNECT },
            { .name = "iothubowner",
              .permissions = REGISTRY_READ | SERVICE_CONNECT
                             | DEVICE_CONNECT },
        },
        .devices = memory_new(DEVICES_MAX * sizeof(struct device *)),
        .log = cJSON_CreateArray(),
        .faults = cJSON_CreateArray(),
    };
    random_bytes(hub->seed, sizeof hub->seed);
    for (size_t i = 0; i < sizeof hub->policies / sizeof hub->policies[0]; i++)
        make_key(hub, "policy", hub->policies[i].name, &hub->policies[i].key);
    feedback_init(&hub->feedback);
}

static int compare_ids(const void *left, const void *right)
{
    return strcmp(left, right);
}

void hub_reset(struct hub *hub)
{
    for (; hub->device_count > hub->initial_count; hub->device_count--) {
        struct device *device = hub->devices[hub->device_count - 1];

        (void)tdelete(device, &hub->by_id, compare_ids);
        queue_clear(&device->queue);
        free(device);
    }
    for (size_t i = 0; i < hub->device_count; i++) {
        struct device *device = hub->devices[i];

        queue_clear(&device->queue);
        device->is_disabled = false;
        device->thumbprint[0] = '\0';
        device->is_ca_signed = false;
        make_key(hub, "device", device->id, &device->key);
    }
    feedback_clear(&hub->feedback);
    cJSON_Delete(hub->faults);
    cJSON_Delete(hub->log);
    tls_free_authorities(hub->authorities);
    hub->authorities = NULL;
    hub->faults = cJSON_CreateArray();
    hub->log = cJSON_CreateArray();
    hub->last_fault = hub->log_size = 0;
    hub->sends = hub->receives = (struct throttle) { 0 };
    hub->offset_ms = hub->swept_ms = 0;
    hub->requests = hub->connections = 0;
}

void hub_clear(struct hub *hub)
{
    if (hub->devices == NULL) /* hub_init() was not called */
        return;
    /* The reset then removes the devices of the command line, too. */
    hub->initial_count = 0;
    hub_reset(hub);
    cJSON_Delete(hub->faults);
    cJSON_Delete(hub->log);
    free(hub->devices);
    free(hub->listen_host);
}

int64_t hub_now_ms(const struct hub *hub)
{
    int64_t real_ms = clock_ms(CLOCK_MONOTONIC) - hub->start_monotonic_ms;

    return hub->start_ms + real_ms * hub->time_scale + hub->offset_ms;
}

int64_t hub_ahead_ms(const struct hub *hub)
{
    return hub_now_ms(hub) - clock_ms(CLOCK_REALTIME);
}

static void on_message_end(void *context, const struct message *message, enum outcome outcome,
                           int64_t now_ms)
{
    const struct device *device = context;

    feedback_add(device->feedback, device->id, device->generation_id, message, outcome, now_ms);
}

struct device *hub_add_device(struct hub *hub, const char *id)
{
    struct device *device;

    if (hub->device_count >= DEVICES_MAX)
        return NULL;
    device = memory_new(sizeof *device);
    (void)snprintf(device->id, sizeof device->id, "%s", id);
    hub->devices[hub->device_count++] = device;
    /* A real hub uses the time of creation in ticks. Here it is only unique. */
    (void)snprintf(device->generation_id, sizeof device->generation_id, "63%016zu",
                   hub->device_count);
    make_key(hub, "device", id, &device->key);
    device->feedback = &hub->feedback;
    queue_init(&device->queue, on_message_end, device);
    if (tsearch(device, &hub->by_id, compare_ids) == NULL)
        exit(report(EXIT_OS, "out of memory"));
    return device;
}

bool device_has_key(const struct device *device)
{
    return device->thumbprint[0] == '\0' && !device->is_ca_signed;
}

struct device *hub_find_device(const struct hub *hub, const char *id)
{
    struct device **node = tfind(id, &hub->by_id, compare_ids);

    return node != NULL ? *node : NULL;
}

const struct policy *hub_find_policy(const struct hub *hub, const char *name)
{
    for (size_t i = 0; i < sizeof hub->policies / sizeof hub->policies[0]; i++)
        if (strcmp(hub->policies[i].name, name) == 0)
            return &hub->policies[i];
    return NULL;
}

char *hub_connection_string(const struct hub *hub, const struct policy *policy,
                            const struct device *device)
{
    const struct secret *secret = device != NULL ? &device->key : &policy->key;
    bool is_x509 = device != NULL && !device_has_key(device);
    char key[BASE64_SIZE(KEY_MAX)];
    char port[16] = "";

    base64_encode(secret->bytes, secret->size, key);
    /* Most clients do not expect a port in HostName: the default port is left out. */
    if (hub->port != 443)
        (void)snprintf(port, sizeof port, ":%d", hub->port);
    return text_format("HostName=%s%s;%s=%s;%s%s", hub->name, port,
                       device != NULL ? "DeviceId" : "SharedAccessKeyName",
                       device != NULL ? device->id : policy->name,
                       is_x509 ? "x509=true" : "SharedAccessKey=", is_x509 ? "" : key);
}

void hub_sweep(struct hub *hub, int64_t now_ms)
{
    int64_t age_ms = now_ms - hub->swept_ms;

    /* Sweeping 100,000 devices takes about 1 ms: not for each request. */
    if (age_ms >= 1000 || age_ms < 0) {
        for (size_t i = 0; i < hub->device_count; i++)
            queue_sweep(&hub->devices[i]->queue, now_ms);
        hub->swept_ms = now_ms;
    }
    feedback_sweep(&hub->feedback, now_ms);
}
