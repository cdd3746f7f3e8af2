#include "base/crypto.h"

#include "../support/table.h"
#include "c2d.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

/* RFC 4648, section 10. */
static const struct {
    const char *plain, *base64;
} vectors[] = {
    { "f", "Zg==" },        { "fo", "Zm8=" },        { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

Test(crypto, base64_writes_and_reads_the_vectors_of_its_standard)
{
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct buf out = { 0 }, back = { 0 };

        base64_append(&out, vectors[i].plain, strlen(vectors[i].plain));
        cr_expect_str_eq(out.data, vectors[i].base64);
        cr_expect(base64_decode(&back, vectors[i].base64, strlen(vectors[i].base64)));
        cr_expect_str_eq(back.data, vectors[i].plain);
        cr_expect_eq(back.size, strlen(vectors[i].plain));
        buf_clear(&out);
        buf_clear(&back);
    }
}

Test(crypto, base64_carries_every_byte_at_every_length)
{
    unsigned char data[7000];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7);
    /* Around the lengths at which encoding goes on in another piece. */
    for (size_t size = 3060; size < 3090; size++) {
        struct buf out = { 0 }, back = { 0 };

        base64_append(&out, data, size);
        cr_assert_eq(out.size, (size + 2) / 3 * 4);
        cr_assert(base64_decode(&back, out.data, out.size), "size %zu", size);
        cr_assert_eq(back.size, size);
        cr_assert_eq(memcmp(back.data, data, size), 0, "size %zu", size);
        buf_clear(&out);
        buf_clear(&back);
    }
}

static const char *const junk[] = {
    "",     "Z",     "Zg",       "Zg=",   "Zg===",   "=",        "==",         "===",
    "====", "Z===",  "=Zg=",     "Zm9v=", "Zm9vYg=", "Zg==Zg==", "Zm 9",       "Zm9v\n",
    " Zm9", "Zm9\t", "Zm9v\r\n", "Zm-_",  "Zm9!",    "Z=g=",     "\xc3\xa9Zm", "Zm9v Zg==",
};

Test(crypto, base64_that_is_not_strict_is_refused)
{
    for (size_t i = 0; i < COUNT(junk); i++) {
        struct buf out = { 0 };

        cr_expect_not(base64_decode(&out, junk[i], strlen(junk[i])), "'%s'", junk[i]);
        buf_clear(&out);
    }
    /* More than OpenSSL can count. */
    cr_expect_not(base64_decode(&(struct buf) { 0 }, "", (size_t)INT_MAX + 1));
}

Test(crypto, keys_with_nul_and_trailing_newline_bytes_keep_them)
{
    struct buf key = { 0 };

    cr_assert(base64_decode(&key, "AGtleQAK", 8));
    cr_assert_eq(key.size, 6);
    cr_assert_eq(memcmp(key.data, "\0key\0\n", 6), 0);
    buf_clear(&key);
}

/* RFC 4231, test cases 1 and 2. */
Test(crypto, hmac_sha256_gives_the_vectors_of_its_standard)
{
    static const unsigned char one[] = {
        0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf,
        0xce, 0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
        0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7,
    };
    static const unsigned char two[] = {
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
        0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
        0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
    };
    struct buf key = { 0 };
    unsigned char mac[HMAC_SIZE];

    for (int i = 0; i < 20; i++)
        buf_append(&key, "\x0b", 1);
    cr_assert(crypto_hmac_sha256(&key, "Hi There", 8, mac));
    cr_assert_eq(memcmp(mac, one, sizeof one), 0);
    buf_clear(&key);
    buf_text(&key, "Jefe");
    cr_assert(crypto_hmac_sha256(&key, "what do ya want for nothing?", 28, mac));
    cr_assert_eq(memcmp(mac, two, sizeof two), 0);
    buf_clear(&key);
}

Test(crypto, uuid_is_a_random_one_of_version_4_in_lower_case)
{
    char first[37], second[37];

    cr_assert_eq(c2d_uuid(first), C2D_OK);
    cr_assert_eq(c2d_uuid(second), C2D_OK);
    cr_assert_str_neq(first, second);
    cr_assert_eq(strlen(first), 36);
    cr_assert_eq(strspn(first, "0123456789abcdef-"), 36, "%s", first);
    cr_assert_eq(first[14], '4', "%s", first);
    cr_assert_not_null(strchr("89ab", first[19]), "%s", first);
}
