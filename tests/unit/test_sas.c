#include "hub/sas.h"

#include "../support/alloc.h"
#include "../support/table.h"
#include "base/crypto.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <string.h>

/* Taken from the unit tests of azure-iot-cli-extension, azure-iot-sdk-node and amenzhinsky/iothub,
 * and recomputed. They order the fields in different ways. */
static const struct {
    const char *resource, *key, *policy;
    int64_t expires_at_s;
    const char *token;
} vectors[] = {
    { "iot-hub-for-test.azure-devices.net/devices/iot-device-for-test",
      "+XLy+MVZ+aTeOnVzN2kLeB16O+kSxmz6g3rS6fAf6rw=", NULL, 1471940363,
      "SharedAccessSignature sr=iot-hub-for-test.azure-devices.net%2Fdevices%2Fiot-device-for-test"
      "&sig=SIumZ1ACqqPJZ2okHDlW9MSYKykEpqsQY3z6FMOICd4%3D&se=1471940363" },
    { "iot-hub-for-test.azure-devices.net",
      "+XLy+MVZ+aTeOnVzN2kLeB16O+kSxmz6g3rS6fAf6rw=", "iothubowner", 1471940363,
      "SharedAccessSignature sr=iot-hub-for-test.azure-devices.net"
      "&sig=770sPjjYxRYpNz8%2FhEN7XR5XU5KDGYGTinSP8YyeTXw%3D&se=1471940363&skn=iothubowner" },
    { "iot-hub-for-test.azure-devices.net/devices/iot-device-for-test/modules/module-for-test",
      "+XLy+MVZ+aTeOnVzN2kLeB16O+kSxmz6g3rS6fAf6rw=", "iothubowner", 1471940363,
      "SharedAccessSignature "
      "sr=iot-hub-for-test.azure-devices.net%2Fdevices%2Fiot-device-for-test%2Fmodules%2Fmodule-"
      "for-test"
      "&sig=JwAxBBBPYA0E%2FTHdnrXzUfBfuZ7deH6pppCniJ23Uu0%3D&se=1471940363&skn=iothubowner" },
    { "uri", "cGFzc3dvcmQ=", NULL, 12345,
      "SharedAccessSignature sr=uri"
      "&sig=kcWxXAK2OAaAoq2oCkaGzX2NMqDB8nCyNuq2fPYCDhk%3D&se=12345" },
    { "uri", "cGFzc3dvcmQ=", "encode('Me')", 12345,
      "SharedAccessSignature sr=uri"
      "&sig=kcWxXAK2OAaAoq2oCkaGzX2NMqDB8nCyNuq2fPYCDhk%3D&skn=encode%28%27Me%27%29&se=12345" },
    { "host/devices/device", "kew=", NULL, 12345,
      "SharedAccessSignature sr=host%2Fdevices%2Fdevice"
      "&sig=wM3XiP6gD960IxP7J5WHqnxQHEcWC6YaQCtoMT%2BkKHc%3D&se=12345" },
    { "fake.host.name/devices/fakeDeviceId", "fakeKew=", NULL, 10,
      "SharedAccessSignature sr=fake.host.name%2Fdevices%2FfakeDeviceId"
      "&sig=bYz5R2IFTaejB6pgYOxns2mw6lcuA4VSy8kJbYQp0Sc%3D&se=10" },
    { "test.azure-devices.net", "c2VjcmV0", "owner", 1546308061,
      "SharedAccessSignature sr=test.azure-devices.net"
      "&sig=uux4PSAK1s9efNcBHin0pm7O5oENedTWkhqGp8JAyFY%3D&se=1546308061&skn=owner" },
};

/* True if token holds the field at text, up to "&" or its end. */
static bool has_field(const char *token, const char *field, size_t size)
{
    const char *at = strchr(token, ' ') + 1;

    for (;;) {
        size_t length = strcspn(at, "&");

        if (length == size && memcmp(at, field, size) == 0)
            return true;
        if (at[length] == '\0')
            return false;
        at += length + 1;
    }
}

static bool has_same_fields(const char *one, const char *other)
{
    const char *at = strchr(one, ' ') + 1;

    if (strlen(one) != strlen(other) || strncmp(other, "SharedAccessSignature ", 22) != 0)
        return false;
    for (;;) {
        size_t length = strcspn(at, "&");

        if (!has_field(other, at, length))
            return false;
        if (at[length] == '\0')
            return true;
        at += length + 1;
    }
}

Test(sas, tokens_agree_field_by_field_with_those_of_three_other_libraries)
{
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct buf key = { 0 }, token = { 0 };

        cr_assert(base64_decode(&key, vectors[i].key, strlen(vectors[i].key)));
        cr_expect_eq(sas_token(vectors[i].resource, &key, vectors[i].policy,
                               vectors[i].expires_at_s, &token, NULL),
                     C2D_OK);
        cr_expect(has_same_fields(vectors[i].token, token.data), "row %zu: %s", i, token.data);
        buf_clear(&token);
        buf_clear(&key);
    }
}

Test(sas, tokens_of_three_other_libraries_are_read_back)
{
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct c2d_sas sas;
        struct c2d_error error = { 0 };

        cr_expect_eq(c2d_sas_decode(vectors[i].token, &sas, &error), C2D_OK, "row %zu: %s", i,
                     error.text);
        cr_expect_str_eq(sas.resource, vectors[i].resource);
        cr_expect_str_eq(sas.policy, vectors[i].policy == NULL ? "" : vectors[i].policy);
        cr_expect_eq(sas.expires_at_s, vectors[i].expires_at_s);
    }
}

/* Signatures computed with Python's hmac module. */
Test(sas, keys_with_nul_and_trailing_newline_bytes_sign_with_all_their_bytes)
{
    static const struct {
        const char *key, *signature;
    } rows[] = {
        { "AGtleQAK", "&sig=9h%2BDyAHgeS5DfXDVmF7YTA6e7iblXh9L9gGGac%2Bd7LY%3D&se=1700000000" },
        { "a2V5Cg==", "&sig=HnV8KMoqYfQ9hycoDgEKXzN3JOkg2HHIwOmpqhv4zw0%3D&se=1700000000" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf key = { 0 }, token = { 0 };

        cr_assert(base64_decode(&key, rows[i].key, strlen(rows[i].key)));
        cr_assert_eq(sas_token("h/devices/d", &key, NULL, 1700000000, &token, NULL), C2D_OK);
        cr_expect_not_null(strstr(token.data, rows[i].signature), "row %zu: %s", i, token.data);
        buf_clear(&token);
        buf_clear(&key);
    }
}

Test(sas, resource_is_escaped_once_with_upper_case_hex)
{
    struct buf key = { 0 }, token = { 0 };

    buf_text(&key, "k");
    cr_assert_eq(sas_token("h/devices/a+b%c#d", &key, NULL, 9, &token, NULL), C2D_OK);
    cr_assert_not_null(strstr(token.data, " sr=h%2Fdevices%2Fa%2Bb%25c%23d&sig="), "%s",
                       token.data);
    buf_clear(&token);
    buf_clear(&key);
}

#define S "SharedAccessSignature "
static const char *const no_tokens[] = {
    "",
    "sr=h&sig=s&se=9",
    "SharedAccessSignature",
    S,
    "sharedaccesssignature sr=h&sig=s&se=9",
    "Bearer sr=h&sig=s&se=9",
    S " sr=h&sig=s&se=9", /* two spaces */
    S "sig=s&se=9",
    S "sr=h&se=9",
    S "sr=h&sig=s",
    S "sr=&sig=s&se=9",
    S "sr=h&sig=&se=9",
    S "sr=h&sig=s&se=",
    S "sr=h&sig=s&se=9&skn=",
    S "sr=h&sr=h&sig=s&se=9",
    S "sr=h&sig=s&sig=s&se=9",
    S "sr=h&sig=s&se=9&se=9",
    S "sr=h&sig=s&se=9&skn=p&skn=p",
    S "sr=h&sig=s&se=9&foo=bar",
    S "sr=h&sig=s&se=9&SKN=p",
    S "sr=h&&sig=s&se=9",
    S "sr=h&sig=s&se=9&skn",
    S "sr=h&sig=s&se=9x",
    S "sr=h&sig=s&se=-9",
    S "sr=h&sig=s&se=99999999999999999999",
    S "sr=h%&sig=s&se=9",
    S "sr=h%2&sig=s&se=9",
    S "sr=h%2x&sig=s&se=9",
    S "sr=h%00&sig=s&se=9",
    S "sr=h&sig=s&se=9\n",
    S "sr=h&sig=s&se=9\xc3\xa9",
};

Test(sas, invalid_token_is_refused)
{
    for (size_t i = 0; i < COUNT(no_tokens); i++) {
        struct c2d_sas sas;

        cr_expect_eq(c2d_sas_decode(no_tokens[i], &sas, NULL), C2D_DATA, "row %zu: %s", i,
                     no_tokens[i]);
    }
}

Test(sas, fields_are_read_in_any_order)
{
    struct c2d_sas sas;

    cr_assert_eq(c2d_sas_decode(S "skn=a%20b&se=42&sig=s%3D&sr=h%2Fdevices%2Fd", &sas, NULL),
                 C2D_OK);
    cr_assert_str_eq(sas.resource, "h/devices/d");
    cr_assert_str_eq(sas.policy, "a b");
    cr_assert_eq(sas.expires_at_s, 42);
}

Test(sas, token_for_the_longest_host_and_id_is_read_back)
{
    char resource[512] = "";
    struct buf key = { 0 }, token = { 0 };
    struct c2d_sas sas;
    struct c2d_error error = { 0 };

    memset(resource, 'h', 253);
    strcpy(resource + 253, "/devices/");
    memset(resource + strlen(resource), '#', 128);
    buf_text(&key, "k");
    cr_assert_eq(sas_token(resource, &key, NULL, 9, &token, NULL), C2D_OK);
    cr_expect_eq(c2d_sas_decode(token.data, &sas, &error), C2D_OK, "%s", error.text);
    cr_expect_str_eq(sas.resource, resource);
    buf_clear(&token);
    buf_clear(&key);
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
Test(sas, signing_that_openssl_cannot_do_is_a_system_error)
{
    struct buf key = { 0 }, token = { 0 };

    buf_text(&key, "k");
    EVP_set_default_properties(NULL, "provider=none"); /* for this test's process alone */
    cr_expect_eq(sas_token("h/devices/d", &key, NULL, 9, &token, NULL), C2D_OS);
    buf_clear(&token);
    buf_clear(&key);
}
#endif

Test(sas, failed_allocation_is_reported_as_such)
{
    for (size_t n = 0; alloc_next(&n);) {
        struct buf key = { 0 }, token = { 0 };
        enum c2d_status status;
        bool failed;

        buf_text(&key, "k");
        alloc_fail_at(n, false);
        status = sas_token("h/devices/d", &key, "policy", 9, &token, NULL);
        failed = alloc_stop();
        cr_expect_eq(status, failed ? C2D_OS : C2D_OK, "allocation %zu", n);
        buf_clear(&token);
        buf_clear(&key);
    }
}
