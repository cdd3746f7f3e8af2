/* auth: who may do what: SAS tokens, read strictly, and the thumbprints of X.509 devices. */
#define _GNU_SOURCE /* strsep */
#include "auth.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CLOCK_SKEW_S = 5 * 60 };

enum scope { SCOPE_NONE, SCOPE_HUB, SCOPE_DEVICE };

enum sas_field { SAS_SR, SAS_SIG, SAS_SE, SAS_SKN, SAS_FIELDS };

struct sas {
    char *text;               /* owns the fields */
    char *fields[SAS_FIELDS]; /* sr and se as they stand, sig and skn decoded; NULL: absent */
    char *resource;           /* sr decoded */
    int64_t expires_s;
};

static void sas_clear(struct sas *sas)
{
    free(sas->text);
    free(sas->resource);
}

/* As a form is decoded: this is what makes an unescaped + of base64 a wrong signature. */
static bool decode_form(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c == '+')
            *c = ' ';
    return text_percent_decode(text);
}

/* Splits name=value&… into the four fields; each at most once, no other. */
static bool split_fields(struct sas *sas)
{
    static const char *const names[SAS_FIELDS] = { "sr", "sig", "se", "skn" };
    char *rest = sas->text;

    while (rest != NULL) {
        char *name = strsep(&rest, "&");
        char *value = strchr(name, '=');
        size_t i = 0;

        if (value == NULL)
            return false;
        *value++ = '\0';
        while (i < SAS_FIELDS && strcmp(names[i], name) != 0)
            i++;
        if (i == SAS_FIELDS || sas->fields[i] != NULL)
            return false;
        sas->fields[i] = value;
    }
    return sas->fields[SAS_SR] != NULL && sas->fields[SAS_SIG] != NULL
           && sas->fields[SAS_SE] != NULL;
}

/* False if header is no readable token. sas is to be cleared in any case. */
static bool sas_parse(struct sas *sas, const char *header)
{
    static const char scheme[] = "SharedAccessSignature ";

    *sas = (struct sas) { 0 };
    if (header == NULL || strncmp(header, scheme, sizeof scheme - 1) != 0)
        return false;
    sas->text = strdup(header + sizeof scheme - 1);
    if (sas->text == NULL || !split_fields(sas))
        return false;
    sas->resource = strdup(sas->fields[SAS_SR]);
    if (sas->fields[SAS_SKN] != NULL && *sas->fields[SAS_SKN] == '\0')
        sas->fields[SAS_SKN] = NULL; /* the C SDK's way of saying that it has none */
    return sas->resource != NULL && decode_form(sas->resource) && decode_form(sas->fields[SAS_SIG])
           && (sas->fields[SAS_SKN] == NULL || decode_form(sas->fields[SAS_SKN]))
           && text_number(sas->fields[SAS_SE], 0, INT64_MAX / 1000, &sas->expires_s);
}

/* Are the first size bytes of text one of the hub's names? */
static bool is_hub_name(const struct hub *hub, const char *text, size_t size)
{
    const char *names[] = { "localhost", "127.0.0.1", "[::1]", hub->listen_host };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] != NULL && strlen(names[i]) == size && strncasecmp(names[i], text, size) == 0)
            return true;
    return false;
}

static enum scope resource_scope(const struct hub *hub, const char *resource, const char *device_id)
{
    static const char devices[] = "/devices/";
    size_t host_size = strcspn(resource, "/");
    const char *path = resource + host_size;

    if (!is_hub_name(hub, resource, host_size))
        return SCOPE_NONE;
    if (*path == '\0')
        return SCOPE_HUB;
    return strncmp(path, devices, sizeof devices - 1) == 0
                   && strcmp(path + sizeof devices - 1, device_id) == 0
               ? SCOPE_DEVICE
               : SCOPE_NONE;
}

/* The C# SDK encodes the device id twice, and hubs take that too. */
static enum scope sas_scope(const struct hub *hub, struct sas *sas, const char *device_id)
{
    enum scope scope = resource_scope(hub, sas->resource, device_id);

    if (scope == SCOPE_NONE && text_percent_decode(sas->resource))
        scope = resource_scope(hub, sas->resource, device_id);
    return scope;
}

/* The key that a token must be signed with. NULL if its signer has no right to the claim. */
static const struct secret *signer_key(const struct hub *hub, struct sas *sas,
                                       const struct auth_claim *claim)
{
    bool is_device_call = claim->permission == PERMISSION_DEVICE_CONNECT;
    enum scope scope = sas_scope(hub, sas, claim->device_id);
    const struct policy *policy;

    if (scope == SCOPE_NONE || (scope == SCOPE_DEVICE && !is_device_call))
        return NULL;
    if (sas->fields[SAS_SKN] != NULL) {
        policy = hub_find_policy(hub, sas->fields[SAS_SKN]);
        return policy != NULL && (policy->permissions & claim->permission) != 0 ? &policy->key
                                                                                : NULL;
    }
    return scope == SCOPE_DEVICE && claim->device != NULL ? &claim->device->key : NULL;
}

static bool is_signed(const struct sas *sas, const struct secret *key)
{
    struct buf text = { 0 };
    char mac[HMAC_TEXT_SIZE];
    bool good;

    buf_text(&text, sas->fields[SAS_SR]);
    buf_append(&text, "\n", 1);
    buf_text(&text, sas->fields[SAS_SE]);
    good = !text.failed && crypto_hmac(key->bytes, key->size, text.data, mac)
           && crypto_equal(mac, sas->fields[SAS_SIG]);
    buf_clear(&text);
    return good;
}

static enum auth_result check_token(const struct hub *hub, const struct auth_claim *claim,
                                    int64_t now_ms)
{
    struct sas sas;
    const struct secret *key;
    enum auth_result result = AUTH_UNREADABLE;

    if (sas_parse(&sas, http_request_header(claim->request, "Authorization"))) {
        key = signer_key(hub, &sas, claim);
        result =
            key != NULL && is_signed(&sas, key) && sas.expires_s + CLOCK_SKEW_S >= now_ms / 1000
                ? AUTH_OK
                : AUTH_REFUSED;
    }
    sas_clear(&sas);
    return result;
}

/* An X.509 device shows its certificate and nothing else. */
static enum auth_result check_certificate(const struct auth_claim *claim)
{
    const char *thumbprint = claim->device->thumbprint;
    const struct http_peer *peer = claim->peer;

    if (http_request_header(claim->request, "Authorization") != NULL || !peer->has_certificate)
        return AUTH_REFUSED;
    return strcmp(thumbprint, peer->sha1) == 0 || strcmp(thumbprint, peer->sha256) == 0
               ? AUTH_OK
               : AUTH_REFUSED;
}

enum auth_result auth_check(const struct hub *hub, const struct auth_claim *claim, int64_t now_ms)
{
    if (claim->permission == PERMISSION_DEVICE_CONNECT && claim->device != NULL
        && claim->device->thumbprint[0] != '\0')
        return check_certificate(claim);
    return check_token(hub, claim, now_ms);
}
