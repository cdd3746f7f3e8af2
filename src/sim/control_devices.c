/* POST /_sim/devices and POST /_sim/authorities. */
#include "control.h"
#include "hub.h"
#include "json.h"
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 1000 }; /* connection strings in one reply */

const struct json_rule control_device_rules[] = {
    { "deviceId thumbprint", JSON_TEXT, 0, 0, NULL },
    { "status", JSON_WORD, 0, 0, "enabled disabled" },
    { "caSigned", JSON_FLAG, 0, 0, NULL },
    { "key", JSON_BASE64, 1, KEY_MAX, NULL },
    { NULL, JSON_TEXT, 0, 0, NULL },
};

/* text: SHA-1 or SHA-256 in hex, with or without colons; "": the device has a key again. */
static bool set_thumbprint(struct device *device, const char *text)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    char hex[sizeof device->thumbprint] = "";
    size_t size = 0;

    for (; *text != '\0'; text++) {
        const char *digit = strchr(lower, char_lower(*text));

        if (*text == ':')
            continue;
        if (size == sizeof hex - 1 || digit == NULL)
            return false;
        hex[size++] = upper[digit - lower];
    }
    if (size != 0 && size != 40 && size != 64)
        return false;
    memcpy(device->thumbprint, hex, sizeof hex);
    return true;
}

/* Adds the device if it is new, applies settings (may be NULL), and adds its connection string to
 * strings (may be NULL). False with error set. */
static bool make_device(struct control *control, const char *id, const cJSON *settings,
                        cJSON *strings)
{
    const char *status = json_text(settings, "status");
    const char *thumbprint = json_text(settings, "thumbprint");
    const char *key = json_text(settings, "key");
    const cJSON *ca_signed = json_get(settings, "caSigned");
    struct device *device = id != NULL ? hub_find_device(control->hub, id) : NULL;

    if (id == NULL || !text_is_device_id(id))
        return control_fail(control, "deviceId is missing or invalid");
    if (device == NULL && (device = hub_add_device(control->hub, id)) == NULL)
        return control_fail(control, "the hub cannot have more devices");
    if (thumbprint != NULL && !set_thumbprint(device, thumbprint))
        return control_fail(control, "thumbprint must be 40 or 64 hex digits");
    if (thumbprint != NULL || ca_signed != NULL)
        device->is_ca_signed = cJSON_IsTrue(ca_signed);
    if (device->is_ca_signed)
        device->thumbprint[0] = '\0';
    if (status != NULL)
        device->is_disabled = strcmp(status, "disabled") == 0;
    if (key != NULL) {
        unsigned char *bytes = base64_decode(key, &device->key.size);

        memcpy(device->key.bytes, bytes, device->key.size);
        free(bytes);
    }
    if (strings != NULL) {
        char *text = hub_connection_string(control->hub, NULL, device);

        json_put(strings, id, text);
        free(text);
    }
    return true;
}

bool control_make_devices(struct control *control)
{
    const cJSON *devices = json_get(control->arguments, "devices");
    const char *prefix = json_text(control->arguments, "prefix");
    int64_t count = json_number(control->arguments, "count", 0);
    int64_t all = count + cJSON_GetArraySize(devices);
    const cJSON *item;
    cJSON *strings = NULL;

    if (devices == NULL && count == 0)
        return control_fail(control, "give devices, or prefix and count");
    json_put_number(control->reply, "created", (uint64_t)all);
    if (all <= SHOWN_MAX)
        strings = cJSON_AddObjectToObject(control->reply, "connectionStrings");
    cJSON_ArrayForEach(item, devices)
    {
        const char *id = cJSON_GetStringValue(item);

        if (id == NULL && !json_check(item, control_device_rules, control->error))
            return false;
        if (!make_device(control, id != NULL ? id : json_text(item, "deviceId"), item, strings))
            return false;
    }
    for (int64_t i = 0; i < count; i++) {
        char id[160];

        (void)snprintf(id, sizeof id, "%.130s%lld", prefix != NULL ? prefix : "d", (long long)i);
        if (!make_device(control, id, NULL, strings))
            return false;
    }
    return true;
}

bool control_add_authorities(struct control *control)
{
    const char *pem = json_text(control->arguments, "certificate");
    unsigned count = tls_add_authorities(&control->hub->authorities, pem != NULL ? pem : "");

    json_put_number(control->reply, "added", count);
    return count > 0 || control_fail(control, "certificate must be a CA certificate in PEM");
}
