/* Compares decoded characters: a server may escape those of base64 ("+", "/" and "="). */
#include "mask.h"

#include "base/buf.h"
#include "base/text.h"
#include "http/url.h"

#include <stdbool.h>
#include <string.h>

/* A prefix of this length is masked, too: servers and this library truncate texts. */
enum { PART_SIZE = 8 };

/* Reads hex digits as an ASCII character; '\0' if they are not valid. */
static char read_hex(const char *text, size_t size, size_t digits)
{
    unsigned value = 0;

    if (size < digits)
        return '\0';
    for (size_t i = 0; i < digits; i++) {
        int digit = url_hex_value(text[i]);

        if (digit < 0)
            return '\0';
        value = value << 4 | (unsigned)digit;
    }
    if (value >= 0x80)
        return '\0';
    return (char)value;
}

/* Reads "%2B", also if "%" itself was escaped: "%252B", "%25252B". */
static size_t read_percent(const char *text, size_t size, char *out)
{
    size_t at = 1;

    while (size - at > 2 && memcmp(text + at, "25", 2) == 0)
        at += 2;
    *out = read_hex(text + at, size - at, 2);
    return at + 2;
}

/* Reads "\/" and "\u002b"; JSON within JSON has more than one backslash. */
static size_t read_backslash(const char *text, size_t size, char *out)
{
    size_t at = 1;

    while (at < size && text[at] == '\\')
        at++;
    if (at < size && text[at] == 'u') {
        *out = read_hex(text + at + 1, size - at - 1, 4);
        return at + 5;
    }
    *out = '\0';
    if (at < size)
        *out = text[at];
    return at + 1;
}

/* Reads "&#43;" and "&#x2b;". */
static size_t read_entity(const char *text, size_t size, char *out)
{
    size_t at = 2;
    bool is_hex = size > at && (text[at] == 'x' || text[at] == 'X');
    int base = is_hex ? 16 : 10, value = 0;

    *out = '\0';
    if (size < 4 || text[1] != '#')
        return 0;
    for (at += is_hex ? 1 : 0; at < size && value < 0x80; at++) {
        int digit = url_hex_value(text[at]);

        if (digit < 0 || digit >= base)
            break;
        value = value * base + digit;
    }
    if (at == size || text[at] != ';' || value >= 0x80)
        return 0;
    *out = (char)value;
    return at + 1;
}

/* Reads the character at text, escaped or not. Returns how many bytes it takes. */
static size_t read_character(const char *text, size_t size, char *out)
{
    char character = '\0';
    size_t used = 0;

    if (text[0] == '%')
        used = read_percent(text, size, &character);
    else if (text[0] == '\\')
        used = read_backslash(text, size, &character);
    else if (text[0] == '&')
        used = read_entity(text, size, &character);
    *out = character;
    if (character != '\0')
        return used;
    *out = text[0];
    return 1;
}

/* Folds what may be the same character: case, " " for "+" (a form), "-" and "_" (base64url). */
static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    if (c == ' ' || c == '-')
        return '+';
    if (c == '_')
        return '/';
    return c;
}

/* Returns how many bytes of data match a prefix of signature; *count: its length in characters. */
static size_t match(const char *data, size_t size, const char *signature, size_t *count)
{
    size_t at = 0;

    for (*count = 0; at < size && signature[*count] != '\0'; (*count)++) {
        char character;
        size_t used = read_character(data + at, size - at, &character);

        if (fold(character) != fold(signature[*count]))
            break;
        at += used;
    }
    return at;
}

static void mask_decoded(char *data, size_t size, const char *signature)
{
    if (*signature == '\0')
        return;
    for (size_t at = 0; at < size; at++) {
        size_t count;
        size_t found = match(data + at, size - at, signature, &count);

        if (count < PART_SIZE && signature[count] != '\0') {
            /* All backslashes of a run escape the same character, which does not match. A response
             * may hold a million of them. */
            while (*signature != '\\' && data[at] == '\\' && at + 1 < size && data[at + 1] == '\\')
                at++;
            continue;
        }
        memset(data + at, '*', found);
        at += found - 1;
    }
}

void mask_signature(char *data, size_t size, const char *authorization)
{
    const char *signature = authorization;
    char decoded[1024]; /* fields of a token are shorter */
    size_t length;

    /* A device id or policy may hold "sig=", but not after a separator of fields. */
    do
        signature = signature == NULL ? NULL : strstr(signature + 1, "sig=");
    while (signature != NULL && signature[-1] != '&' && signature[-1] != ' ');
    if (signature == NULL)
        return;
    signature += strlen("sig=");
    length = strcspn(signature, "&");
    /* If the signature cannot be decoded, all of the text is masked. */
    if (length < sizeof decoded && url_unescape(signature, length, decoded))
        mask_decoded(data, size, decoded);
    else
        memset(data, '*', size);
    wipe(decoded, sizeof decoded);
}

void mask_error(struct c2d_error *error, const char *authorization)
{
    char *const texts[] = { error->text, error->hint, error->hub_code_name, error->request_id };

    /* On success all are empty. */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] != '\0')
            mask_signature(texts[i], strlen(texts[i]), authorization);
}
