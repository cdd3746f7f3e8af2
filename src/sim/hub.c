/* hub: the devices, the policies, the clock and the throttles; the rest of the program works on
 * this one struct. */
#include "hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTE_MS = 60 * 1000 };

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now = { 0 };

    (void)clock_gettime(clock, &now); /* cannot fail for the two clocks used here */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool new_secret(struct secret *secret)
{
    secret->size = 32;
    return crypto_random(secret->bytes, secret->size);
}

bool hub_init(struct hub *hub, int64_t time_scale)
{
    *hub = (struct hub) {
        .start_ms = clock_ms(CLOCK_REALTIME),
        .start_monotonic_ms = clock_ms(CLOCK_MONOTONIC),
        .time_scale = time_scale,
        .policies = {
            { .name = "service", .permissions = PERMISSION_SERVICE_CONNECT },
            { .name = "iothubowner",
              .permissions = PERMISSION_REGISTRY_READ | PERMISSION_SERVICE_CONNECT
                             | PERMISSION_DEVICE_CONNECT },
        },
    };
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (!new_secret(&hub->policies[i].key))
            return false;
    return true;
}

/* Leaves the room of the list. */
static void clear_devices(struct device_list *devices)
{
    for (size_t i = 0; i < devices->count; i++) {
        queue_clear(&devices->items[i]->queue);
        free(devices->items[i]);
    }
    devices->count = 0;
    table_clear(&devices->by_id);
}

void hub_clear(struct hub *hub)
{
    clear_devices(&hub->devices);
    free(hub->devices.items);
    free(hub->first_keys);
    free(hub->host_name);
    free(hub->listen_host);
    feedback_clear(&hub->feedback);
    fault_list_clear(&hub->faults);
    log_clear(&hub->log);
    *hub = (struct hub) { 0 };
}

bool hub_keep_devices(struct hub *hub)
{
    struct secret *keys = calloc(hub->devices.count + 1, sizeof *keys);

    if (keys == NULL)
        return false;
    for (size_t i = 0; i < hub->devices.count; i++)
        keys[i] = hub->devices.items[i]->key;
    free(hub->first_keys);
    hub->first_keys = keys;
    hub->first_count = hub->devices.count;
    return true;
}

/* Keeps the first devices as they were at the start, without their messages. */
static bool reset_devices(struct hub *hub)
{
    struct device_list *devices = &hub->devices;

    for (size_t i = 0; i < hub->first_count; i++) {
        struct device *device = devices->items[i];

        queue_clear(&device->queue);
        device->is_disabled = false;
        device->thumbprint[0] = '\0';
        device->key = hub->first_keys[i];
    }
    for (; devices->count > hub->first_count; devices->count--) {
        queue_clear(&devices->items[devices->count - 1]->queue);
        free(devices->items[devices->count - 1]);
    }
    table_clear(&devices->by_id);
    for (size_t i = 0; i < devices->count; i++)
        if (!table_add(&devices->by_id, devices->items[i]->id, devices->items[i]))
            return false;
    return true;
}

bool hub_reset(struct hub *hub)
{
    feedback_clear(&hub->feedback);
    fault_list_clear(&hub->faults);
    log_clear(&hub->log);
    hub->sends = (struct throttle) { 0 };
    hub->receives = (struct throttle) { 0 };
    hub->offset_ms = 0;
    hub->swept_ms = 0;
    hub->requests = 0;
    hub->connections = 0;
    return reset_devices(hub);
}

int64_t hub_now_ms(const struct hub *hub)
{
    int64_t real_ms = clock_ms(CLOCK_MONOTONIC) - hub->start_monotonic_ms;

    return hub->start_ms + real_ms * hub->time_scale + hub->offset_ms;
}

bool throttle_pass(struct throttle *throttle, int64_t now_ms)
{
    if (throttle->per_minute == 0)
        return true;
    if (now_ms < throttle->window_start_ms || now_ms - throttle->window_start_ms >= MINUTE_MS) {
        throttle->window_start_ms = now_ms;
        throttle->used = 0;
    }
    return throttle->used++ < throttle->per_minute;
}

static bool reserve_device(struct device_list *devices)
{
    size_t capacity = devices->capacity > 0 ? devices->capacity * 2 : 64;
    struct device **items;

    if (devices->count >= DEVICES_MAX)
        return false;
    if (devices->count < devices->capacity)
        return true;
    items = realloc(devices->items, capacity * sizeof(struct device *));
    if (items == NULL)
        return false;
    devices->items = items;
    devices->capacity = capacity;
    return true;
}

struct device *hub_add_device(struct hub *hub, const char *id)
{
    struct device_list *devices = &hub->devices;
    struct device *device;

    if (!reserve_device(devices))
        return NULL;
    device = calloc(1, sizeof *device);
    if (device == NULL)
        return NULL;
    (void)snprintf(device->id, sizeof device->id, "%s", id);
    /* A real one is the time of making in ticks: any decimal that differs between devices. */
    (void)snprintf(device->generation_id, sizeof device->generation_id, "63%016zu",
                   devices->count + 1);
    device->queue = (struct queue) { .feedback = &hub->feedback,
                                     .source = { device->id, device->generation_id } };
    if (!new_secret(&device->key) || !table_add(&devices->by_id, device->id, device)) {
        free(device);
        return NULL;
    }
    devices->items[devices->count++] = device;
    return device;
}

struct device *hub_find_device(const struct hub *hub, const char *id)
{
    return table_find(&hub->devices.by_id, id);
}

const struct policy *hub_find_policy(const struct hub *hub, const char *name)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (strcmp(hub->policies[i].name, name) == 0)
            return &hub->policies[i];
    return NULL;
}

void hub_sweep(struct hub *hub, int64_t now_ms)
{
    int64_t age_ms = now_ms - hub->swept_ms;

    /* With 100,000 devices a look at each costs about a millisecond: once a second will do. */
    if (age_ms >= 1000 || age_ms < 0) {
        for (size_t i = 0; i < hub->devices.count; i++)
            queue_sweep(&hub->devices.items[i]->queue, now_ms);
        hub->swept_ms = now_ms;
    }
    feedback_sweep(&hub->feedback, now_ms);
}

static void format_key(const struct secret *key, struct buf *out)
{
    char text[BASE64_SIZE(KEY_MAX)];

    crypto_base64(key->bytes, key->size, text);
    buf_format(out, "SharedAccessKey=%s", text);
}

void hub_format_policy(const struct hub *hub, const struct policy *policy, struct buf *out)
{
    buf_format(out, "HostName=%s;SharedAccessKeyName=%s;", hub->host_name, policy->name);
    format_key(&policy->key, out);
}

void hub_format_device(const struct hub *hub, const struct device *device, struct buf *out)
{
    buf_format(out, "HostName=%s;DeviceId=%s;", hub->host_name, device->id);
    if (device->thumbprint[0] != '\0')
        buf_text(out, "x509=true");
    else
        format_key(&device->key, out);
}
