/* control_devices: devices made by a test, one by one with what is special about them, or many. */
#include "control_json.h"
#include "json.h"
#include "text.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 1000 };

/* What a test says about one device; NULL where it does not. */
struct wanted {
    char *device_id;
    char *status;
    char *thumbprint;
    char *key;
};

static const struct control_member wanted_members[] = {
    { "deviceId", control_set_text, offsetof(struct wanted, device_id) },
    { "status", control_set_text, offsetof(struct wanted, status) },
    { "thumbprint", control_set_text, offsetof(struct wanted, thumbprint) },
    { "key", control_set_text, offsetof(struct wanted, key) },
    { NULL, NULL, 0 },
};

struct request {
    const cJSON *devices;
    char *prefix;
    int64_t count;
};

/* The devices that were made, for their connection strings. */
struct made {
    struct control *control;
    struct buf strings; /* JSON members */
    int count;
};

/* The device of that id, made if there is none. NULL with the error noted. */
static struct device *find_or_add(struct control *control, const char *id)
{
    struct device *device;

    if (!text_is_device_id(id)) {
        (void)control_fail(control, "'%.130s' is no device id", id);
        return NULL;
    }
    device = hub_find_device(control->hub, id);
    if (device == NULL)
        device = hub_add_device(control->hub, id);
    if (device == NULL)
        (void)control_fail(control, "the hub is full or out of memory");
    return device;
}

static bool set_status(struct control *control, struct device *device, const char *status)
{
    bool is_disabled = strcmp(status, "disabled") == 0;

    if (!is_disabled && strcmp(status, "enabled") != 0)
        return control_fail(control, "status must be enabled or disabled");
    device->is_disabled = is_disabled;
    return true;
}

/* SHA-1 or SHA-256 in hex, colons allowed; "" makes it a device with a key again. */
static bool set_thumbprint(struct control *control, struct device *device, const char *text)
{
    char hex[sizeof device->thumbprint];
    size_t size = 0;

    for (; *text != '\0' && size < sizeof hex - 1; text++)
        if (*text != ':')
            hex[size++] = (char)toupper((unsigned char)*text);
    hex[size] = '\0';
    if (*text != '\0' || (size != 0 && size != 40 && size != 64)
        || hex[strspn(hex, "0123456789ABCDEF")] != '\0')
        return control_fail(control, "thumbprint must be 40 or 64 hex digits");
    memcpy(device->thumbprint, hex, size + 1);
    return true;
}

static bool set_key(struct control *control, struct device *device, const char *text)
{
    size_t size = 0;
    unsigned char *key = crypto_base64_decode(text, &size);
    bool is_good = key != NULL && size > 0 && size <= KEY_MAX;

    if (is_good) {
        memcpy(device->key.bytes, key, size);
        device->key.size = size;
    }
    free(key);
    return is_good || control_fail(control, "key must be base64 of 1 to %d bytes", KEY_MAX);
}

static void show(struct made *made, const struct device *device)
{
    struct buf string = { 0 };

    if (made->count++ >= SHOWN_MAX)
        return;
    hub_format_device(made->control->hub, device, &string);
    if (made->strings.size > 0)
        buf_text(&made->strings, ",");
    json_string(&made->strings, device->id);
    buf_text(&made->strings, ":");
    json_string(&made->strings, string.data);
    made->strings.failed |= string.failed;
    buf_clear(&string);
}

static bool make_wanted(struct made *made, const struct wanted *wanted)
{
    struct control *control = made->control;
    struct device *device;

    if (wanted->device_id == NULL)
        return control_fail(control, "a device without deviceId");
    device = find_or_add(control, wanted->device_id);
    if (device == NULL || (wanted->status != NULL && !set_status(control, device, wanted->status))
        || (wanted->thumbprint != NULL && !set_thumbprint(control, device, wanted->thumbprint))
        || (wanted->key != NULL && !set_key(control, device, wanted->key)))
        return false;
    show(made, device);
    return true;
}

/* An id, or an object that has one. */
static bool make_one(struct made *made, const cJSON *value)
{
    struct wanted wanted = { 0 };
    bool done = cJSON_IsString(value) ? control_set_text(made->control, value, &wanted.device_id)
                                      : control_read(made->control, value, wanted_members, &wanted);

    done = done && make_wanted(made, &wanted);
    free(wanted.device_id);
    free(wanted.status);
    free(wanted.thumbprint);
    free(wanted.key);
    return done;
}

/* prefix0, prefix1, … */
static bool make_many(struct made *made, const char *prefix, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        char id[160];
        struct device *device;

        (void)snprintf(id, sizeof id, "%.130s%lld", prefix, (long long)i);
        device = find_or_add(made->control, id);
        if (device == NULL)
            return false;
        show(made, device);
    }
    return true;
}

static bool set_devices(struct control *control, const cJSON *value, void *field)
{
    const cJSON **devices = field;

    if (!cJSON_IsArray(value))
        return control_fail(control, "devices must be an array");
    *devices = value;
    return true;
}

static bool make_all(struct made *made, const struct request *request)
{
    const cJSON *value;

    if (request->devices == NULL && request->count == 0)
        return control_fail(made->control, "devices, or prefix and count, must be given");
    cJSON_ArrayForEach(value, request->devices)
    {
        if (!make_one(made, value))
            return false;
    }
    return make_many(made, request->prefix != NULL ? request->prefix : "d", request->count);
}

bool control_devices(struct control *control)
{
    static const struct control_member members[] = {
        { "devices", set_devices, offsetof(struct request, devices) },
        { "prefix", control_set_text, offsetof(struct request, prefix) },
        { "count", control_set_number, offsetof(struct request, count) },
        { NULL, NULL, 0 },
    };
    struct request request = { 0 };
    struct made made = { .control = control };
    bool done =
        control_read(control, control->arguments, members, &request) && make_all(&made, &request);

    if (done) {
        buf_format(control->reply, "{\"created\":%d", made.count);
        if (made.count <= SHOWN_MAX) {
            buf_text(control->reply, ",\"connectionStrings\":{");
            buf_append(control->reply, made.strings.data, made.strings.size);
            buf_text(control->reply, "}");
        }
        buf_text(control->reply, "}");
        control->reply->failed |= made.strings.failed;
    }
    buf_clear(&made.strings);
    free(request.prefix);
    return done;
}
