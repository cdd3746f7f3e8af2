/* Writes and reads the text of a token. signer.c decides which token a request carries. Signatures
 * are not verified: only a hub can do that. */
#include "sas.h"

#include "base/crypto.h"
#include "base/error.h"
#include "base/text.h"
#include "http/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "SharedAccessSignature ";

enum c2d_status sas_token(const char *resource, const struct buf *key, const char *policy,
                          int64_t expires_at_s, struct buf *token, struct c2d_error *error)
{
    struct buf sr = { 0 }, to_sign = { 0 }, signature = { 0 };
    unsigned char mac[HMAC_SIZE];
    enum c2d_status status = C2D_OK;

    buf_reserve(token, 255); /* enough for most tokens; with the NUL a power of two */
    url_append_escaped(&sr, resource);
    if (!buf_format(&to_sign, "%s\n%" PRId64, sr.failed ? "" : sr.data, expires_at_s)) {
        status = fail_memory(error);
        goto done;
    }
    if (!crypto_hmac_sha256(key, to_sign.data, to_sign.size, mac)) {
        status = fail(error, C2D_OS, "OpenSSL could not compute the HMAC-SHA256");
        goto done;
    }
    base64_append(&signature, mac, sizeof mac);
    if (sr.failed || signature.failed) {
        status = fail_memory(error);
        goto done;
    }
    buf_text(token, scheme);
    buf_format(token, "sr=%s&sig=", sr.data);
    /* Encoded, as "+" in base64 would be read as a space. */
    url_append_escaped(token, signature.data);
    buf_format(token, "&se=%" PRId64, expires_at_s);
    if (policy != NULL) {
        buf_text(token, "&skn=");
        url_append_escaped(token, policy);
    }
    if (token->failed)
        status = fail_memory(error);
done:
    buf_clear(&signature);
    buf_clear(&to_sign);
    buf_clear(&sr);
    wipe(mac, sizeof mac);
    return status;
}

/* The fields of a token, and a bit for each by its index. */
static const char *const field_names[] = { "sr", "sig", "se", "skn" };
enum { SR = 1, SIG = 2, SE = 4, SKN = 8 };

/* Returns the bit of the field whose name is at text, or 0. */
static int field_bit(const char *text, size_t name_size)
{
    for (int i = 0; i < 4; i++)
        if (strlen(field_names[i]) == name_size && memcmp(field_names[i], text, name_size) == 0)
            return 1 << i;
    return 0;
}

static bool copy_field(char *out, size_t size, const char *value)
{
    return (size_t)snprintf(out, size, "%s", value) < size;
}

/* Reads one field. Returns its bit, or 0 if it is unknown, not valid or too long. */
static int read_field(const char *text, size_t size, struct c2d_sas *sas)
{
    const char *equals = memchr(text, '=', size);
    char value[1024];
    long long number;
    int bit;

    if (equals == NULL)
        return 0;
    bit = field_bit(text, (size_t)(equals - text));
    size -= (size_t)(equals + 1 - text);
    if (size == 0 || size >= sizeof value || !url_unescape(equals + 1, size, value))
        return 0;
    if (bit == SR && !copy_field(sas->resource, sizeof sas->resource, value))
        bit = 0;
    if (bit == SKN && !copy_field(sas->policy, sizeof sas->policy, value))
        bit = 0;
    if (bit == SE && !text_to_number(value, INT64_MAX, &number))
        bit = 0;
    if (bit == SE)
        sas->expires_at_s = number;
    /* It may be the signature, which is not kept. */
    wipe(value, sizeof value);
    return bit;
}

enum c2d_status sas_parse(const char *text, struct c2d_sas *sas, struct c2d_error *error)
{
    int seen = 0;

    *sas = (struct c2d_sas) { 0 };
    if (strncmp(text, scheme, strlen(scheme)) != 0)
        return fail(error, C2D_DATA, "this is not a token: it does not begin with \"%s\"", scheme);
    /* A ready token is sent in a header, unchanged. */
    for (size_t i = 0; text[i] != '\0'; i++)
        if (!byte_is_plain((unsigned char)text[i]))
            return fail(error, C2D_DATA, "the token holds a byte that is not allowed in a header");
    text += strlen(scheme);
    while (*text != '\0') {
        size_t size = strcspn(text, "&");
        int bit = read_field(text, size, sas);

        if (bit == 0 || (seen & bit) != 0)
            return fail(error, C2D_DATA,
                        "the token has a field that is unknown, not valid or repeated");
        seen |= bit;
        text += size + (text[size] == '&' ? 1 : 0);
    }
    if ((seen & (SR | SIG | SE)) != (SR | SIG | SE))
        return fail(error, C2D_DATA, "the token lacks sr, sig or se: it may be truncated");
    return C2D_OK;
}

enum c2d_status c2d_sas_decode(const char *token, struct c2d_sas *sas, struct c2d_error *error)
{
    error_reset(error);
    return token == NULL ? fail(error, C2D_USAGE, "the token is missing (NULL)")
                         : sas_parse(token, sas, error);
}
