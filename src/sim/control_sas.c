/* GET /_sim/sas: makes a token whose expiry is by the hub's clock. */
#include "call.h"
#include "control.h"
#include "hub.h"
#include "json.h"

#include <event2/http.h>
#include <stdlib.h>

enum { LIFE_S = 3600, TTL_MAX_S = 1000000000 };

/* "SharedAccessSignature sr=…&sig=…&se=…", with &skn=… for a policy. */
static char *make_token(const char *resource, const struct secret *key, const char *policy,
                        int64_t expires_s)
{
    char *encoded_resource = evhttp_uriencode(resource, -1, 0);
    char *to_sign = text_format("%s\n%lld", encoded_resource, (long long)expires_s);
    unsigned char hash[HASH_SIZE];
    char signature[BASE64_SIZE(HASH_SIZE)];
    char *encoded_signature;
    char *token;

    hmac_sha256(key->bytes, key->size, to_sign, hash);
    base64_encode(hash, sizeof hash, signature);
    encoded_signature = evhttp_uriencode(signature, -1, 0);
    token = text_format("SharedAccessSignature sr=%s&sig=%s&se=%lld%s%s", encoded_resource,
                        encoded_signature, (long long)expires_s, policy != NULL ? "&skn=" : "",
                        policy != NULL ? policy : "");
    free(encoded_resource);
    free(encoded_signature);
    free(to_sign);
    return token;
}

enum found { ABSENT, UNUSABLE, FOUND };

static enum found find_member(const struct control *control, const char *name, char *value,
                              size_t size)
{
    value[0] = '\n'; /* overwritten if the member exists */
    if (query_value(control->target, name, value, size))
        return FOUND;
    return value[0] == '\n' ? ABSENT : UNUSABLE;
}

/* Reads ttl. By default a token is valid for an hour of real time. */
static bool read_ttl(struct control *control, int64_t *ttl_s)
{
    char text[24];
    enum found found = find_member(control, "ttl", text, sizeof text);

    *ttl_s = LIFE_S * control->hub->time_scale;
    return found == ABSENT || (found == FOUND && text_number(text, 1, TTL_MAX_S, ttl_s))
           || control_fail(control, "ttl must be a number of seconds from 1 to 1000000000");
}

/* Finds the signer: the device, or a policy if no device is given. False with error set. */
static bool find_signer(struct control *control, const struct device **device,
                        const struct policy **policy)
{
    char id[129], name[32];
    enum found has_device = find_member(control, "device", id, sizeof id);
    enum found has_policy = find_member(control, "policy", name, sizeof name);

    *device = has_device == FOUND ? hub_find_device(control->hub, id) : NULL;
    *policy = has_policy == UNUSABLE
                  ? NULL
                  : hub_find_policy(control->hub, has_policy == FOUND ? name : "service");
    if (has_device != ABSENT && has_policy != ABSENT)
        return control_fail(control, "device and policy exclude each other");
    if (has_device != ABSENT && (*device == NULL || !device_has_key(*device)))
        return control_fail(control, "device must be the id of a device that has a key");
    return *policy != NULL
           || control_fail(control, "policy must be service (default) or iothubowner");
}

bool control_make_token(struct control *control)
{
    const struct hub *hub = control->hub;
    const struct device *device;
    const struct policy *policy;
    int64_t now_s = hub_now_ms(hub) / 1000;
    int64_t ttl_s;
    char time[TIME_SIZE];
    char *resource;
    char *token;

    if (!find_signer(control, &device, &policy) || !read_ttl(control, &ttl_s))
        return false;
    if (device != NULL) {
        resource = text_format("%s/devices/%s", hub->name, device->id);
        token = make_token(resource, &device->key, NULL, now_s + ttl_s);
    } else if (policy != NULL) {
        resource = text_format("%s", hub->name);
        token = make_token(resource, &policy->key, policy->name, now_s + ttl_s);
    } else {
        return false; /* not reached: find_signer() sets one, or fails */
    }
    json_put(control->reply, "token", token);
    json_put(control->reply, "expiry", time_iso((now_s + ttl_s) * 1000, time));
    free(resource);
    free(token);
    return true;
}
