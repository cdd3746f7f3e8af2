/* Verifies SAS tokens, strictly, and the certificates of X.509 devices. */
#define _GNU_SOURCE /* strsep */
#include "auth.h"
#include "call.h"
#include "tls.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Documented: how long after its expiry a token is still accepted. */
enum { CLOCK_SKEW_S = 5 * 60 };

enum scope { SCOPE_NONE, SCOPE_HUB, SCOPE_DEVICE };

enum sas_field { SAS_SR, SAS_SIG, SAS_SE, SAS_SKN, SAS_FIELDS };

struct sas {
    char *text;               /* owns the fields */
    char *fields[SAS_FIELDS]; /* sr and se as sent, sig and skn decoded; NULL: absent */
    char *resource;           /* sr decoded */
    int64_t expires_s;
};

/* Decodes + to a space, as in a form: a signature with an unescaped + of base64 is wrong. */
static bool decode_form(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c == '+')
            *c = ' ';
    return text_percent_decode(text);
}

/* Parses a token: name=value&… with each of the four fields at most once, and no others. Only skn
 * is optional. False if header is not such a token. The caller frees text and resource in any
 * case. */
static bool sas_parse(struct sas *sas, const char *header)
{
    static const char scheme[] = "SharedAccessSignature ";
    static const char *const names[SAS_FIELDS] = { "sr", "sig", "se", "skn" };
    char **fields = sas->fields;
    char *rest;

    if (header == NULL || strncmp(header, scheme, sizeof scheme - 1) != 0)
        return false;
    rest = sas->text = text_format("%s", header + sizeof scheme - 1);
    while (rest != NULL) {
        char *value = strsep(&rest, "&");
        char *name = strsep(&value, "=");
        size_t i = 0;

        while (i < SAS_FIELDS && strcmp(names[i], name) != 0)
            i++;
        if (value == NULL || i == SAS_FIELDS || fields[i] != NULL)
            return false;
        fields[i] = value;
    }
    if (fields[SAS_SR] == NULL || fields[SAS_SIG] == NULL || fields[SAS_SE] == NULL)
        return false;
    sas->resource = text_format("%s", fields[SAS_SR]);
    if (fields[SAS_SKN] != NULL && *fields[SAS_SKN] == '\0')
        fields[SAS_SKN] = NULL; /* the C SDK sends an empty skn if it has no policy */
    return decode_form(sas->resource) && decode_form(fields[SAS_SIG])
           && (fields[SAS_SKN] == NULL || decode_form(fields[SAS_SKN]))
           && text_number(fields[SAS_SE], 0, INT64_MAX / 1000, &sas->expires_s);
}

static enum scope resource_scope(const struct hub *hub, const char *resource, const char *device_id)
{
    /* Any address of the hub is accepted, unless it has another name: then only the name. */
    const char *names[] = { hub->name, "127.0.0.1", "[::1]", hub->listen_host };
    size_t count = strcmp(hub->name, HUB_NAME) == 0 ? sizeof names / sizeof names[0] : 1;
    size_t size = strcspn(resource, "/");
    const char *path = resource + size;

    for (size_t i = 0; i < count; i++) {
        if (names[i] == NULL || strlen(names[i]) != size || !text_begins_nocase(resource, names[i]))
            continue;
        if (*path == '\0')
            return SCOPE_HUB;
        if (strncmp(path, "/devices/", 9) == 0 && strcmp(path + 9, device_id) == 0)
            return SCOPE_DEVICE;
    }
    return SCOPE_NONE;
}

/* Returns the key that must have signed the token. NULL: its signer has no permission. */
static const struct secret *signer_key(struct sas *sas, const struct call *call)
{
    enum scope scope = resource_scope(call->hub, sas->resource, call->device_id);

    /* The C# SDK encodes the device id twice, which hubs accept. */
    if (scope == SCOPE_NONE && text_percent_decode(sas->resource))
        scope = resource_scope(call->hub, sas->resource, call->device_id);
    if (scope == SCOPE_NONE || (scope == SCOPE_DEVICE && call->permission != DEVICE_CONNECT))
        return NULL;
    if (sas->fields[SAS_SKN] != NULL) {
        const struct policy *policy = hub_find_policy(call->hub, sas->fields[SAS_SKN]);

        return policy != NULL && (policy->permissions & call->permission) != 0 ? &policy->key
                                                                               : NULL;
    }
    return scope == SCOPE_DEVICE && call->device != NULL ? &call->device->key : NULL;
}

/* Takes the same time, wherever the signatures differ. */
static bool is_signed(const struct sas *sas, const struct secret *key)
{
    char *text = text_format("%s\n%s", sas->fields[SAS_SR], sas->fields[SAS_SE]);
    unsigned char hash[HASH_SIZE];
    char wanted[BASE64_SIZE(HASH_SIZE)];

    hmac_sha256(key->bytes, key->size, text, hash);
    base64_encode(hash, sizeof hash, wanted);
    free(text);
    return strlen(sas->fields[SAS_SIG]) == strlen(wanted)
           && CRYPTO_memcmp(sas->fields[SAS_SIG], wanted, strlen(wanted)) == 0;
}

/* True if the client sent the certificate of device. The handshake has proved that it has the
 * key. */
static bool is_certificate_of(const struct device *device, const struct call *call)
{
    if (device->is_ca_signed)
        return tls_is_signed(call->ssl, call->hub->authorities, device->id, call->now_ms / 1000);
    return strcmp(device->thumbprint, call->sha1) == 0
           || strcmp(device->thumbprint, call->sha256) == 0;
}

enum auth auth_check(const struct call *call)
{
    const struct device *device = call->device;
    const char *header = http_request_header(&call->request, "Authorization");
    bool is_device_call = call->permission == DEVICE_CONNECT;
    const struct secret *key = NULL;
    struct sas sas = { 0 };
    bool is_readable = sas_parse(&sas, header);
    enum auth result;

    if (is_device_call && (device == NULL || device->is_disabled)) {
        /* Seen live over HTTPS: the hub looks up the device before it checks the signature. */
        result = is_readable || (header == NULL && call->sha1[0] != '\0') ? AUTH_NO_DEVICE
                                                                          : AUTH_NO_TOKEN;
    } else if (is_device_call && !device_has_key(device)) {
        /* An X.509 device must send its certificate, and no token. */
        result = header == NULL && is_certificate_of(device, call) ? AUTH_GOOD : AUTH_REFUSED;
    } else if (!is_readable) {
        result = AUTH_NO_TOKEN;
    } else if ((key = signer_key(&sas, call)) == NULL || !is_signed(&sas, key)
               || sas.expires_s + CLOCK_SKEW_S < call->now_ms / 1000) {
        result = AUTH_REFUSED;
    } else {
        result = device == NULL && call->device_id[0] != '\0' ? AUTH_NO_DEVICE : AUTH_GOOD;
    }
    free(sas.text);
    free(sas.resource);
    return result;
}
