/* Compares character by character, whatever stands for a character: base64 has three that a server
 * may write in another way than they were sent. */
#include "mask.h"

#include "base/buf.h"
#include "base/text.h"
#include "http/url.h"

#include <stdbool.h>
#include <string.h>

/* So much of the beginning is masked too: text is cut by servers and by us. */
enum { PART_SIZE = 8 };

/* Reads hex digits as an ASCII character; '\0' if they are none. */
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

/* "%2B", also when "%" was escaped itself, and again: "%252B". */
static size_t read_percent(const char *text, size_t size, char *out)
{
    size_t at = 1;

    while (size - at > 2 && memcmp(text + at, "25", 2) == 0)
        at += 2;
    *out = read_hex(text + at, size - at, 2);
    return at + 2;
}

/* "\/" and "\u002b"; more than one backslash in JSON within JSON. */
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

/* "&#43;" and "&#x2b;" */
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

/* The character that is written at text, and how many bytes that takes. */
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

/* Letters in one case; a blank is what "+" is in a form, and "-" and "_" are base64url's. */
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

/* How many bytes of data are a beginning of signature; *count: of how many characters. */
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

        if (count < PART_SIZE && signature[count] != '\0')
            continue;
        memset(data + at, '*', found);
        at += found - 1;
    }
}

void mask_signature(char *data, size_t size, const char *authorization)
{
    const char *signature = authorization;
    char decoded[1024]; /* no field of a token is longer */
    size_t length;

    /* A device id or policy may hold "sig=" too, but not after a separator of fields. */
    do
        signature = signature == NULL ? NULL : strstr(signature + 1, "sig=");
    while (signature != NULL && signature[-1] != '&' && signature[-1] != ' ');
    if (signature == NULL)
        return;
    signature += strlen("sig=");
    length = strcspn(signature, "&");
    /* What cannot be shown masked is not shown. */
    if (length < sizeof decoded && url_unescape(signature, length, decoded))
        mask_decoded(data, size, decoded);
    else
        memset(data, '*', size);
    wipe(decoded, sizeof decoded);
}

void mask_error(struct c2d_error *error, const char *authorization)
{
    char *const texts[] = { error->text, error->hint, error->hub_code_name, error->request_id };

    /* On success all are empty: nothing is prepared for them. */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] != '\0')
            mask_signature(texts[i], strlen(texts[i]), authorization);
}
