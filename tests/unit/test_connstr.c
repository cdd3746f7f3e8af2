#include "hub/connstr.h"

#include "../support/alloc.h"
#include "../support/script.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define H "HostName=h.azure-devices.net"
#define D ";DeviceId=dev1"
#define K ";SharedAccessKey=Zm9v"
#define P ";SharedAccessKeyName=service"
#define SAS ";SharedAccessSignature=SharedAccessSignature sr=h&sig=Zm9v%3D&se=9"
#define LABEL63 "a23456789012345678901234567890123456789012345678901234567890123"
#define ID64 "i234567890123456789012345678901234567890123456789012345678901234"

static const struct {
    const char *text;
    enum c2d_role role;
    const char *host, *host_name, *device_id, *policy;
    bool has_key, has_token, x509;
} good[] = {
    { H D K, C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net", "dev1", NULL, true,
      false, false },
    { H D K ";", C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net", "dev1", NULL, true,
      false, false },
    { "SharedAccessKey=Zm9v;DeviceId=dev1;" H, C2D_ROLE_DEVICE, "h.azure-devices.net",
      "h.azure-devices.net", "dev1", NULL, true, false, false },
    { "HostName=localhost:8443" D K, C2D_ROLE_DEVICE, "localhost:8443", "localhost", "dev1", NULL,
      true, false, false },
    { "HostName=1-2.x:65535" P K, C2D_ROLE_SERVICE, "1-2.x:65535", "1-2.x", NULL, "service", true,
      false, false },
    { "HostName=" LABEL63 D K, C2D_ROLE_DEVICE, LABEL63, LABEL63, "dev1", NULL, true, false,
      false },
    { H P K, C2D_ROLE_SERVICE, "h.azure-devices.net", "h.azure-devices.net", NULL, "service", true,
      false, false },
    { H ";DeviceId=a=b+%#" K, C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net",
      "a=b+%#", NULL, true, false, false },
    { H ";DeviceId=" ID64 ID64 K, C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net",
      ID64 ID64, NULL, true, false, false },
    { H D SAS, C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net", "dev1", NULL, false,
      true, false },
    { H SAS, C2D_ROLE_SERVICE, "h.azure-devices.net", "h.azure-devices.net", NULL, NULL, false,
      true, false },
    { H P SAS, C2D_ROLE_SERVICE, "h.azure-devices.net", "h.azure-devices.net", NULL, "service",
      false, true, false },
    { H D ";x509=true", C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net", "dev1", NULL,
      false, false, true },
    { H D ";x509=True", C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net", "dev1", NULL,
      false, false, true },
    { H D ";x509=TRUE", C2D_ROLE_DEVICE, "h.azure-devices.net", "h.azure-devices.net", "dev1", NULL,
      false, false, true },
    { H ";SharedAccessKeyName=two words;SharedAccessKey=Zm9v", C2D_ROLE_SERVICE,
      "h.azure-devices.net", "h.azure-devices.net", NULL, "two words", true, false, false },
};

static bool same(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

Test(connstr, every_form_is_parsed_with_its_parts_in_any_order)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        struct credentials got;
        struct c2d_error error = { 0 };

        cr_expect_eq(connstr_parse(good[i].text, &got, &error), C2D_OK, "row %zu: %s", i,
                     error.text);
        cr_expect_eq(got.role, good[i].role, "row %zu", i);
        cr_expect(same(got.host, good[i].host), "row %zu", i);
        cr_expect(same(got.host_name, good[i].host_name), "row %zu", i);
        cr_expect(same(got.device_id, good[i].device_id), "row %zu", i);
        cr_expect(same(got.policy, good[i].policy), "row %zu", i);
        cr_expect_eq(got.key.size > 0, good[i].has_key, "row %zu", i);
        cr_expect_eq(got.token != NULL, good[i].has_token, "row %zu", i);
        cr_expect_eq(got.x509, good[i].x509, "row %zu", i);
        credentials_clear(&got);
    }
}

Test(connstr, value_begins_after_the_first_equals_sign)
{
    struct credentials got;

    cr_assert_eq(connstr_parse(H D ";SharedAccessKey=Zg==", &got, NULL), C2D_OK);
    cr_assert_eq(got.key.size, 1);
    cr_assert_str_eq(got.key.data, "f");
    credentials_clear(&got);
}

Test(connstr, keys_with_nul_and_newline_bytes_are_kept_whole)
{
    struct credentials got;

    cr_assert_eq(connstr_parse(H D ";SharedAccessKey=AGtleQAK", &got, NULL), C2D_OK);
    cr_assert_eq(got.key.size, 6);
    cr_assert_eq(memcmp(got.key.data, "\0key\0\n", 6), 0);
    credentials_clear(&got);
}

static const struct {
    const char *tail;
    enum c2d_status status;
} newlines[] = {
    { "\n", C2D_OK },       { "\r\n", C2D_OK },       { "\n\n", C2D_CONFIG },
    { "\r", C2D_CONFIG },   { "\n\r", C2D_CONFIG },   { "\r\n\r\n", C2D_CONFIG },
    { "\t\n", C2D_CONFIG }, { "\r\r\n", C2D_CONFIG },
};

Test(connstr, one_trailing_newline_is_dropped_and_no_second_one)
{
    for (size_t i = 0; i < COUNT(newlines); i++) {
        struct credentials got;
        char text[128];

        snprintf(text, sizeof text, "%s%s", H D K, newlines[i].tail);
        cr_expect_eq(connstr_parse(text, &got, NULL), newlines[i].status, "row %zu", i);
        credentials_clear(&got);
    }
}

static const struct {
    const char *text, *mentions;
} bad[] = {
    { "", "empty" },
    { "\n", "empty" },
    { "HostName", "part 1" },
    { H ";DeviceId", "part 2" },
    { H ";;DeviceId=d" K, "part 2" },
    { ";" H D K, "part 1" },
    { "hostname=h" D K, "case-sensitive" },
    { H ";deviceid=d" K, "part 2" },
    { H D K ";Foo=bar", "part 4" },
    { " " H D K, "a space at position 1" },
    { H D D K, "DeviceId twice" },
    { H ";" H D K, "HostName twice" },
    { H D K K, "SharedAccessKey twice" },
    { "HostName=" D K, "HostName is empty" },
    { H ";DeviceId=" K, "DeviceId is empty" },
    { H D ";SharedAccessKey=", "SharedAccessKey is empty" },
    { "DeviceId=d" K, "no HostName" },
    { H D K ";ModuleId=m", "ModuleId" },
    { H D K ";GatewayHostName=g", "GatewayHostName" },
    { H, "nothing else" },
    { H D, "no SharedAccessKey" },
    { H P, "no SharedAccessKey" },
    { H K, "neither DeviceId" },
    { H D P K, "hub policy" },
    { H D K SAS, "more than one" },
    { H D K ";x509=true", "more than one" },
    { H D ";x509=false", "'true'" },
    { H ";x509=true", "needs a DeviceId" },
    { H P ";x509=true", "needs a DeviceId" },
    { H D ";SharedAccessKey=Zm9", "not base64" },
    { H D ";SharedAccessKey=Zm 9", "a space at position 62" },
    { H D ";SharedAccessKey=Zm9v=", "not base64" },
    { H D ";SharedAccessKey=Zm9-", "not base64: it holds '-' at its position 4" },
    { H D ";SharedAccessSignature=nonsense", "SharedAccessSignature" },
    { H D ";SharedAccessSignature=SharedAccessSignature sr=h&se=9", "lacks" },
    { "HostName=https://h" D K, "not a host name" },
    { "HostName=h/x" D K, "not a host name" },
    { "HostName=h x" D K, "a space at position 11" },
    { "HostName=h " D K, "a space at position 11" },
    { "HostName= h" D K, "a space at position 10" },
    { "HostName =h" D K, "a space at position 9" },
    { "HostName=h; DeviceId=d" K, "a space at position 12" },
    { H P " " K, "a space" },
    { H D K " ", "a space" },
    { H D K " \n", "a space" },
    { "HostName=h..x" D K, "not a host name" },
    { "HostName=.h" D K, "not a host name" },
    { "HostName=h." D K, "not a host name" },
    { "HostName=-h" D K, "not a host name" },
    { "HostName=h-" D K, "not a host name" },
    { "HostName=h-.x" D K, "not a host name" },
    { "HostName=h-:443" D K, "not a host name" },
    { "HostName=:443" D K, "not a host name" },
    { "HostName=h:" D K, "not a host name" },
    { "HostName=h:0" D K, "not a host name" },
    { "HostName=h:65536" D K, "not a host name" },
    { "HostName=h:4x" D K, "not a host name" },
    { "HostName=u@h" D K, "not a host name" },
    { "HostName=h_x" D K, "not a host name" },
    { "HostName=h\xc3\xa9" D K, "the character U+00E9 at position 11" },
    { "HostName=" LABEL63 "4" D K, "not a host name" },
    { "HostName=" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 D K, "not a host name" },
    { H ";DeviceId=a b" K, "a space" },
    { H ";DeviceId=a/b" K, "'/'" },
    { H ";DeviceId=.." K, "DeviceId" },
    { H ";DeviceId=" ID64 ID64 "x" K, "129" },
    { H ";SharedAccessKeyName=\xc3\xa9" K, "the character U+00E9 at position 50" },
    { H D "\xa0" K, "the byte 0xa0 at position 43" },
    { H D "\t" K, "control character (0x09)" },
    { H D "\x1b" K, "control character (0x1b)" },
    { H D "\x7f" K, "control character (0x7f)" },
    { H "\n" D K, "control character (0x0a)" },
};

Test(connstr, unusable_string_is_refused_with_the_reason)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct credentials got;
        struct c2d_error error = { 0 };

        cr_expect_eq(connstr_parse(bad[i].text, &got, &error), C2D_CONFIG, "row %zu: %s", i,
                     bad[i].text);
        cr_expect_not_null(strstr(error.text, bad[i].mentions), "row %zu: %s", i, error.text);
        cr_expect(got.host == NULL && got.key.data == NULL && got.token == NULL,
                  "row %zu: credentials are left over", i);
    }
}

/* Pasted text around or in place of the string; each has a hint. */
static const struct {
    const char *text, *mentions, *hints;
} pasted[] = {
    { "\xef\xbb\xbf" H D K, "a byte order mark (U+FEFF) at position 1", "type that" },
    { "\xc2\xa0" H D K, "a no-break space (U+00A0) at position 1", "type that" },
    { H D K "\xc2\xa0", "a no-break space (U+00A0) at position 64", "type that" },
    { H "\xe2\x80\x8b" D K, "an invisible character (U+200B) at position 29", "type that" },
    { "\xe2\x80\x9c" H D K "\xe2\x80\x9d", "a typographic quote (U+201C) at position 1",
      "type that" },
    { H D K "\xe2\x80\x9d", "a typographic quote (U+201D) at position 64", "type that" },
    { "HostName=h\xe2\x80\x93x" D K, "a dash (U+2013) at position 11", "type that" },
    { "\"" H D K "\"", "begins with a quote", "no quotes" },
    { "'" H D K "'", "begins with a quote", "no quotes" },
    { H D K "\"", "'\"' at position 64", "remove" },
    { H D K "'", "it holds ''' at its position 5", "copy" },
    { H D K "\r", "a control character (0x0d) at position 64", "CRLF" },
    { H D K "\n# note\n", "a control character (0x0a) at position 64", "one line" },
    { "{\n  \"connectionString\": \"" H D K "\"\n}\n", "is JSON", "-o tsv" },
    { " [\"" H D K "\"]", "is JSON", "-o tsv" },
    { "\xef\xbb\xbf{\"connectionString\": \"" H D K "\"}", "is JSON", "-o tsv" },
    { "IOTHUB_DEVICE_CONNECTION_STRING=" H D K, "a variable's name", "NAME=" },
    { "IOTHUB_DEVICE_CONNECTION_STRING=\"" H D K "\"", "a variable's name", "NAME=" },
    { "export IOTHUB_DEVICE_CONNECTION_STRING='" H D K "'\n", "a variable's name", "NAME=" },
    { "A=" H D K "\nB=c\n", "a variable's name", "NAME=" },
    { "A=DeviceId=d;HostName=h" K, "a variable's name", "NAME=" },
    { "connectionString: " H D K, "a variable's name", "NAME=" },
    { "Endpoint=sb://h.servicebus.windows.net/" P K, "Event Hubs", "HostName=" },
    { "SharedAccessSignature sr=h&sig=s&se=9", "only a token", "HostName=" },
    { "HostName=https://h/" D K, "not a host name", "https://" },
};

Test(connstr, text_pasted_by_mistake_is_named_with_a_hint)
{
    for (size_t i = 0; i < COUNT(pasted); i++) {
        struct credentials got;
        struct c2d_error error = { 0 };

        cr_expect_eq(connstr_parse(pasted[i].text, &got, &error), C2D_CONFIG, "row %zu", i);
        cr_expect_not_null(strstr(error.text, pasted[i].mentions), "row %zu: %s", i, error.text);
        cr_expect_not_null(strstr(error.hint, pasted[i].hints), "row %zu: %s: %s", i, error.text,
                           error.hint);
        cr_expect_null(strstr(error.text, "Zm9v"), "row %zu: %s", i, error.text);
    }
}

Test(connstr, string_that_the_shell_cut_is_refused_with_that_hint)
{
    static const char *const cut[] = { H, H D, H P };

    for (size_t i = 0; i < COUNT(cut); i++) {
        struct credentials got;
        struct c2d_error error = { 0 };

        cr_expect_eq(connstr_parse(cut[i], &got, &error), C2D_CONFIG);
        cr_expect_not_null(strstr(error.hint, "shell"), "%s: hint '%s'", cut[i], error.hint);
    }
}

Test(connstr, size_is_limited_to_4096_bytes)
{
    static const char start[] = "HostName=h;DeviceId=d12;SharedAccessKey=";
    char text[4098];
    struct credentials got;
    struct c2d_error error = { 0 };

    cr_assert_eq((4096 - strlen(start)) % 4, 0,
                 "the test needs a key of whole groups of four characters");
    memset(text, 'A', sizeof text);
    memcpy(text, start, strlen(start));
    text[4096] = '\n';
    text[4097] = '\0';
    cr_assert_eq(connstr_parse(text, &got, &error), C2D_OK, "%s", error.text);
    credentials_clear(&got);
    text[4096] = 'A';
    cr_assert_eq(connstr_parse(text, &got, &error), C2D_CONFIG);
    cr_assert_not_null(strstr(error.text, "longer than 4096"), "%s", error.text);
}

#define CANARY "Q0FOQVJZ"
static const char *const leaky[] = {
    H D ";SharedAccessKey=" CANARY "!",
    H D ";SharedAccessKey=" CANARY ";SharedAccessKey=" CANARY,
    H D ";" CANARY,
    H D ";" CANARY "=x",
    H D ";SharedAccesKey=" CANARY,
    H D ";SharedAccessKey=" CANARY "\x01",
    H D "SharedAccessKey=" CANARY,
    H ";SharedAccessKeyName=serviceSharedAccessKey=" CANARY,
    H ";SharedAccessKeyName=service SharedAccessKey=" CANARY ";x509=true",
    H D ";SharedAccessSignature=SharedAccessSignature sr=h&sig=" CANARY,
    H D ";SharedAccessSignature=sig=" CANARY,
    "{\"connectionString\": \"" H D ";SharedAccessKey=" CANARY "\"}",
    "X=" H D ";SharedAccessKey=" CANARY,
    CANARY "=" H D K,
    H D ";SharedAccessKey=" CANARY "\"",
    H D ";SharedAccessKey=" CANARY " " CANARY,
    H D ";SharedAccessKey=" CANARY "\xc2\xa0",
    "SharedAccessSignature sr=h&se=9&sig=" CANARY,
};

/* A comma or a blank in place of ";", in strings that were then partly corrected. */
static const char *const glued[] = {
    "HostName=h,SharedAccessKey=" CANARY D K,
    H ";DeviceId=d SharedAccessKey=" CANARY K,
};

static void expect_no_canary(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct credentials got;
        struct c2d_error error = { 0 };

        cr_expect_eq(connstr_parse(texts[i], &got, &error), C2D_CONFIG, "row %zu", i);
        cr_expect_null(strstr(error.text, CANARY), "row %zu: %s", i, error.text);
        cr_expect_null(strstr(error.hint, CANARY), "row %zu: %s", i, error.hint);
    }
}

Test(connstr, error_text_never_holds_a_piece_of_a_key)
{
    expect_no_canary(leaky, COUNT(leaky));
}

Test(connstr, error_text_holds_no_key_that_is_glued_to_another_value)
{
    expect_no_canary(glued, COUNT(glued));
}

Test(connstr, failed_allocation_is_reported_as_such_and_leaves_nothing)
{
    static const char *const texts[] = { H D K, H P K, H D SAS, H D ";x509=true" };

    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t n = 0; alloc_next(&n);) {
            struct credentials got;
            enum c2d_status status;
            bool failed;

            alloc_fail_at(n, false);
            status = connstr_parse(texts[i], &got, NULL);
            failed = alloc_stop();
            cr_expect_eq(status, failed ? C2D_OS : C2D_OK, "row %zu, allocation %zu: %s", i, n,
                         c2d_status_name(status));
            cr_expect(!failed || got.host == NULL, "row %zu, allocation %zu", i, n);
            credentials_clear(&got);
        }
    }
}

Test(connstr, missing_string_is_reported)
{
    struct credentials credentials;
    struct c2d_error error = { 0 };

    cr_assert_eq(connstr_parse(NULL, &credentials, &error), C2D_CONFIG);
    cr_assert_not_null(strstr(error.text, "no connection string"));
}
