/* Parses a connection string strictly, before anything connects. No error text quotes a key or a
 * token. */
#include "connstr.h"

#include "base/crypto.h"
#include "base/error.h"
#include "base/text.h"
#include "connstr_text.h"
#include "ids.h"
#include "limits.h"
#include "sas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum part {
    HOST_NAME,
    DEVICE_ID,
    MODULE_ID,
    KEY,
    KEY_NAME,
    SIGNATURE,
    GATEWAY,
    X509,
    PART_COUNT,
};

static const char *const part_names[PART_COUNT] = {
    [HOST_NAME] = "HostName",           [DEVICE_ID] = "DeviceId",
    [MODULE_ID] = "ModuleId",           [KEY] = "SharedAccessKey",
    [KEY_NAME] = "SharedAccessKeyName", [SIGNATURE] = "SharedAccessSignature",
    [GATEWAY] = "GatewayHostName",      [X509] = "x509",
};

static enum part find_part(const char *name)
{
    enum part part = 0;

    while (part < PART_COUNT && strcmp(part_names[part], name) != 0)
        part++;
    return part;
}

/* Returns the first space that is not allowed, or NULL. Names of policies and tokens may have
 * spaces within. The id is checked later, with a better error. */
static const char *stray_space(enum part part, const char *name, const char *value)
{
    size_t size = strlen(value);

    if (strchr(name, ' ') != NULL)
        return strchr(name, ' ');
    if (part != KEY_NAME && part != SIGNATURE && part != DEVICE_ID)
        return strchr(value, ' ');
    if (value[0] == ' ')
        return value;
    return size > 0 && value[size - 1] == ' ' ? value + size - 1 : NULL;
}

/* Splits copy in place at ";" and at the first "=" of each pair: a base64 key may end in "=". Error
 * texts name a part only if it is known: any other text may be a piece of a key. */
static enum c2d_status split(char *copy, const char *values[PART_COUNT], struct c2d_error *error)
{
    char *next = copy;

    for (int number = 1; next != NULL && *next != '\0'; number++) {
        char *pair = next;
        char *value;
        const char *space;
        enum part part;

        next = strchr(pair, ';');
        if (next != NULL)
            *next++ = '\0';
        value = strchr(pair, '=');
        if (value == NULL)
            return fail(error, C2D_CONFIG, "part %d of the connection string is not Name=Value",
                        number);
        *value++ = '\0';
        part = find_part(pair);
        space = stray_space(part, pair, value);
        if (space != NULL)
            return connstr_text_fail(copy, (size_t)(space - copy), error);
        if (part == PART_COUNT)
            return fail(error, C2D_CONFIG,
                        "part %d of the connection string has an unknown name (names are "
                        "case-sensitive: HostName, DeviceId, SharedAccessKey ...)",
                        number);
        if (values[part] != NULL)
            return fail(error, C2D_CONFIG, "the connection string has %s twice", part_names[part]);
        if (*value == '\0')
            return fail(error, C2D_CONFIG, "%s is empty in the connection string",
                        part_names[part]);
        values[part] = value;
    }
    return C2D_OK;
}

/* Returns the length of the DNS name in host, which may have a ":port", or 0 if it is not valid. */
static size_t host_name_length(const char *host)
{
    size_t length = 0, label = 0;
    long long port;

    for (; host[length] != '\0' && host[length] != ':'; length++) {
        unsigned char byte = (unsigned char)host[length];

        if (byte == '.') {
            if (label == 0 || host[length - 1] == '-')
                return 0;
            label = 0;
            continue;
        }
        if (!byte_is_alnum(byte) && (byte != '-' || label == 0))
            return 0;
        /* The limits of DNS: 63 bytes for a label, 253 for a name. */
        if (++label > 63)
            return 0;
    }
    if (label == 0 || length > 253 || host[length - 1] == '-')
        return 0;
    if (host[length] == ':' && (!text_to_number(host + length + 1, 65535, &port) || port == 0))
        return 0;
    return length;
}

static enum c2d_status check_parts(const char *const values[PART_COUNT], struct c2d_error *error)
{
    /* Exactly one of these is needed. */
    int secrets = (values[KEY] != NULL) + (values[SIGNATURE] != NULL) + (values[X509] != NULL);

    /* First the parts that are never supported. */
    if (values[GATEWAY] != NULL)
        return fail(error, C2D_CONFIG,
                    "GatewayHostName is not supported: an IoT Edge gateway does "
                    "not serve these messages over HTTPS");
    if (values[MODULE_ID] != NULL)
        return fail(error, C2D_CONFIG,
                    "ModuleId is not supported: cloud-to-device messages go to devices only");
    if (values[DEVICE_ID] == NULL && values[KEY_NAME] == NULL && secrets == 0) {
        hint(error, "a shell cuts it at ';': put it into a file, or in quotes");
        return fail(error, C2D_CONFIG, "the connection string has a HostName and nothing else");
    }
    if (secrets == 0) {
        hint(error, "a shell cuts it at ';': put it into a file, or in quotes");
        return fail(error, C2D_CONFIG,
                    "the connection string has no SharedAccessKey, "
                    "SharedAccessSignature or x509=true");
    }
    if (secrets > 1)
        return fail(error, C2D_CONFIG,
                    "the connection string has more than one of SharedAccessKey, "
                    "SharedAccessSignature and x509");
    if (values[X509] != NULL && !text_equals_nocase(values[X509], "true"))
        return fail(error, C2D_CONFIG, "x509 must be 'true' in the connection string");
    if (values[DEVICE_ID] != NULL && values[KEY_NAME] != NULL) {
        hint(error, "a device needs its own key: see the device's page in the registry");
        return fail(error, C2D_CONFIG,
                    "the connection string has a DeviceId and a hub policy "
                    "(SharedAccessKeyName), whose key must not be on a device");
    }
    if (values[DEVICE_ID] == NULL && values[X509] != NULL)
        return fail(error, C2D_CONFIG, "x509=true needs a DeviceId");
    if (values[DEVICE_ID] == NULL && values[KEY_NAME] == NULL && values[KEY] != NULL)
        return fail(error, C2D_CONFIG,
                    "the connection string has neither DeviceId (a device) nor "
                    "SharedAccessKeyName (the back end)");
    return C2D_OK;
}

/* Returns a copy, or NULL for NULL. Sets *ok to false if out of memory. */
static char *copy_text(const char *text, bool *ok)
{
    char *copy = text == NULL ? NULL : strdup(text);

    *ok = *ok && (text == NULL || copy != NULL);
    return copy;
}

/* Decodes the HMAC key, which may hold NUL bytes. */
static enum c2d_status decode_key(const char *base64, struct buf *key, struct c2d_error *error)
{
    size_t good = 0;
    char name[TEXT_NAME_SIZE];

    if (base64_decode(key, base64, strlen(base64)))
        return C2D_OK;
    if (key->failed)
        return fail_memory(error);
    fail_at(error, C2D_STEP_KEY);
    while (byte_is_alnum((unsigned char)base64[good])
           || (base64[good] != '\0' && strchr("+/=", base64[good]) != NULL))
        good++;
    if (base64[good] == '\0') {
        hint(error, "copy it again: a character may be missing at its end");
        return fail(error, C2D_CONFIG, "SharedAccessKey in the connection string is not base64");
    }
    text_name_character(base64 + good, name);
    hint(error, "copy it again");
    return fail(error, C2D_CONFIG,
                "SharedAccessKey in the connection string is not base64: it holds %s at its "
                "position %zu",
                name, good + 1);
}

static enum c2d_status fill(const char *const values[PART_COUNT], struct credentials *credentials,
                            struct c2d_error *error)
{
    const char *token = values[SIGNATURE];
    size_t host_length;
    struct c2d_error detail = { 0 };
    struct c2d_sas sas = { 0 };
    bool ok = true;

    if (values[HOST_NAME] == NULL)
        return fail(error, C2D_CONFIG, "the connection string has no HostName");
    /* Strict, as the text is copied into URLs without encoding. */
    host_length = host_name_length(values[HOST_NAME]);
    if (host_length == 0) {
        hint(error, "write only a name, such as HUB.azure-devices.net: no https://, no path");
        return fail(error, C2D_CONFIG, "HostName in the connection string is not a host name");
    }
    if (values[DEVICE_ID] != NULL && ids_check_device(values[DEVICE_ID], &detail) != C2D_OK)
        return fail(error, C2D_CONFIG, "DeviceId in the connection string: %s", detail.text);
    if (token != NULL && sas_parse(token, &sas, &detail) != C2D_OK) {
        fail_at(error, C2D_STEP_KEY);
        return fail(error, C2D_CONFIG, "SharedAccessSignature: %s", detail.text);
    }
    if (values[KEY] != NULL) {
        enum c2d_status status = decode_key(values[KEY], &credentials->key, error);

        if (status != C2D_OK)
            return status;
    }
    credentials->role = values[DEVICE_ID] != NULL ? C2D_ROLE_DEVICE : C2D_ROLE_SERVICE;
    credentials->x509 = values[X509] != NULL;
    credentials->host = copy_text(values[HOST_NAME], &ok);
    /* Tokens name the host without its port. */
    credentials->host_name = copy_text(values[HOST_NAME], &ok);
    if (credentials->host_name != NULL)
        credentials->host_name[host_length] = '\0';
    credentials->device_id = copy_text(values[DEVICE_ID], &ok);
    credentials->policy = copy_text(values[KEY_NAME], &ok);
    credentials->token = copy_text(token, &ok);
    credentials->token_ends_at_s = sas.expires_at_s;
    return ok ? C2D_OK : fail_memory(error);
}

/* Returns the size without one trailing LF or CRLF, which editors add to a file. */
static size_t size_without_newline(const char *text)
{
    size_t size = strlen(text);

    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size > 0 && text[size] == '\n' && text[size - 1] == '\r')
        size--;
    return size;
}

enum c2d_status connstr_parse(const char *text, struct credentials *credentials,
                              struct c2d_error *error)
{
    const char *values[PART_COUNT] = { NULL };
    struct buf copy = { 0 };
    size_t size = text == NULL ? 0 : size_without_newline(text);
    enum c2d_status status;

    *credentials = (struct credentials) { 0 };
    if (text == NULL)
        return fail(error, C2D_CONFIG, "there is no connection string");
    if (size == 0)
        return fail(error, C2D_CONFIG, "the connection string is empty");
    if (size > LIMIT_CONNECTION_STRING)
        return fail(error, C2D_CONFIG, "the connection string is longer than %d bytes",
                    LIMIT_CONNECTION_STRING);
    status = connstr_text_check(text, size, error);
    if (status != C2D_OK)
        return status;
    if (!buf_append(&copy, text, size))
        return fail_memory(error);
    /* values points into copy. */
    status = split(copy.data, values, error);
    if (status == C2D_OK)
        status = check_parts(values, error);
    if (status == C2D_OK)
        status = fill(values, credentials, error);
    buf_clear(&copy);
    if (status != C2D_OK)
        credentials_clear(credentials);
    return status;
}

enum c2d_status credentials_require(const struct credentials *credentials, enum c2d_role role,
                                    struct c2d_error *error)
{
    if (credentials->role == role)
        return C2D_OK;
    if (role == C2D_ROLE_DEVICE) {
        hint(error, "use the connection string of the device itself; a hub's key must not be on a "
                    "device");
        return fail(error, C2D_CONFIG,
                    "this is a hub policy's connection string (SharedAccessKeyName=...), but a "
                    "device's (DeviceId=...) is needed");
    }
    hint(error, "use that of a hub policy with ServiceConnect, such as 'service'");
    return fail(error, C2D_CONFIG,
                "this is a device's connection string (DeviceId=...), but a hub policy's "
                "(SharedAccessKeyName=...) is needed");
}

void credentials_clear(struct credentials *credentials)
{
    free(credentials->host);
    free(credentials->host_name);
    free(credentials->device_id);
    free(credentials->policy);
    buf_clear(&credentials->key);
    wipe_free(credentials->token);
    *credentials = (struct credentials) { 0 };
}
