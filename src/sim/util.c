/* Of the library, the hub uses only the comparison of text. Signatures, percent-encoding and times
 * are implemented again: that both implementations agree is a test of both. */
#define _GNU_SOURCE /* timegm, vasprintf */
#include "util.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char digits[] = "0123456789";

int report(int code, const char *format, ...)
{
    const char *name = code == EXIT_USAGE       ? "USAGE"
                       : code == EXIT_CANTCREAT ? "CANTCREAT"
                       : code == EXIT_IOERR     ? "IOERR"
                                                : "OS";
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?'; /* keeps the error on one line */
    (void)fprintf(stderr, "c2d-sim: error: %s: %s\n", name, text);
    return code;
}

static void *resize(void *old, size_t size)
{
    void *data = realloc(old, size > 0 ? size : 1);

    if (data == NULL)
        exit(report(EXIT_OS, "out of memory"));
    return data;
}

static void *allocate(size_t size)
{
    return resize(NULL, size);
}

void *memory_new(size_t size)
{
    return memset(allocate(size), 0, size);
}

void memory_init(void)
{
    cJSON_Hooks hooks = { .malloc_fn = allocate, .free_fn = free };

    cJSON_InitHooks(&hooks);
    event_set_mem_functions(allocate, resize, free);
}

char *text_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        exit(report(EXIT_OS, "out of memory"));
    va_end(args);
    return text;
}

bool text_percent_decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++) {
        char hex[3] = "";

        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        memcpy(hex, in + 1, in[1] != '\0' ? 2 : 0);
        if (strspn(hex, "0123456789abcdefABCDEF") != 2 || strcmp(hex, "00") == 0)
            return false;
        *out++ = (char)strtol(hex, NULL, 16);
        in += 2;
    }
    *out = '\0';
    return true;
}

bool text_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return *text != '\0' && text[strspn(text, digits)] == '\0' && errno == 0 && *number >= min
           && *number <= max;
}

bool text_consists_of(const char *text, const char *extra)
{
    const char *c = text;

    while (byte_is_alnum((unsigned char)*c) || (*c != '\0' && strchr(extra, *c) != NULL))
        c++;
    return c != text && *c == '\0';
}

bool text_is_device_id(const char *text)
{
    return strlen(text) <= 128 && text_consists_of(text, "-.+%_#*?!(),:=@$'");
}

bool text_is_word(const char *word, const char *words)
{
    size_t size;

    for (; *words != '\0'; words += size + strspn(words + size, " ")) {
        size = strcspn(words, " ");
        if (strlen(word) == size && strncmp(words, word, size) == 0)
            return true;
    }
    return false;
}

int char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool bytes_equal_nocase(const char *a, const char *b, size_t size)
{
    size_t i = 0;

    while (i < size && char_lower(a[i]) == char_lower(b[i]))
        i++;
    return i == size;
}

char *text_find_nocase(const char *text, const char *part)
{
    while (*text != '\0' && !text_begins_nocase(text, part))
        text++;
    return *text != '\0' ? (char *)text : NULL;
}

const char *text_skip_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; shape++, text++)
        if (*shape == 'd' ? *text < '0' || *text > '9' : *text != *shape)
            return NULL;
    return text;
}

static struct tm split_time(int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts = { 0 };

    (void)gmtime_r(&seconds, &parts); /* fails only for a year that int cannot hold */
    return parts;
}

const char *time_iso(int64_t time_ms, char text[static TIME_SIZE])
{
    struct tm parts = split_time(time_ms);
    size_t size = strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);

    (void)snprintf(text + size, TIME_SIZE - size, ".%03d0000Z", (int)(time_ms % 1000));
    return text;
}

const char *time_http(int64_t time_ms, char text[static TIME_SIZE])
{
    struct tm parts = split_time(time_ms);

    (void)strftime(text, TIME_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
}

bool time_parse_iso(const char *text, int64_t *time_ms)
{
    const char *rest = text_skip_shape(text, "dddd-dd-ddTdd:dd:dd");
    struct tm parts = { 0 };
    struct tm zone = { 0 };
    char again[TIME_SIZE];
    int64_t fraction_ms = 0;

    if (rest == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) == NULL)
        return false;
    *time_ms = (int64_t)timegm(&parts) * 1000;
    /* timegm() has carried over invalid values, such as 31 April or second 60: they are refused. */
    if (*time_ms < 0 || strncmp(time_iso(*time_ms, again), text, (size_t)(rest - text)) != 0)
        return false;
    if (*rest == '.') {
        size_t size = strspn(++rest, digits);

        if (size < 1 || size > 7)
            return false;
        for (size_t i = 0; i < 3; i++)
            fraction_ms = fraction_ms * 10 + (i < size ? rest[i] - '0' : 0);
        rest += size;
    }
    if (strcmp(rest, "Z") != 0) {
        const char *end = *rest != '\0' ? text_skip_shape(rest + 1, "dd:dd") : NULL;

        if (end == NULL || *end != '\0' || strptime(rest, "%z", &zone) != end)
            return false;
    }
    *time_ms += fraction_ms - zone.tm_gmtoff * 1000;
    return true;
}

void random_bytes(void *data, size_t size)
{
    if (RAND_bytes(data, (int)size) != 1)
        exit(report(EXIT_OS, "out of random bytes"));
}

const char *random_guid(char guid[static GUID_SIZE])
{
    uint32_t r[4];

    random_bytes(r, sizeof r);
    (void)snprintf(guid, GUID_SIZE, "%08x-%04x-4%03x-%04x-%04x%08x", r[0], r[1] >> 16, r[1] & 0xfff,
                   0x8000 | (r[2] >> 16 & 0x3fff), r[2] & 0xffff, r[3]);
    return guid;
}

void hmac_sha256(const void *key, size_t key_size, const char *text,
                 unsigned char hash[static HASH_SIZE])
{
    if (HMAC(EVP_sha256(), key, (int)key_size, (const void *)text, strlen(text), hash, NULL)
        == NULL)
        exit(report(EXIT_OS, "no HMAC-SHA256"));
}

void base64_encode(const void *data, size_t size, char *text)
{
    text[EVP_EncodeBlock((unsigned char *)text, data, (int)size)] = '\0';
}

unsigned char *base64_decode(const char *text, size_t *size)
{
    size_t text_size = strlen(text);
    size_t padding = text_size
                     - strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789+/");
    unsigned char *data;

    /* OpenSSL would skip spaces, and decode text after the padding. */
    if (text_size % 4 != 0 || padding > 2 || strspn(text + text_size - padding, "=") != padding)
        return NULL;
    data = memory_new(text_size / 4 * 3 + 1);
    *size = (size_t)EVP_DecodeBlock(data, (const unsigned char *)text, (int)text_size) - padding;
    return data;
}
