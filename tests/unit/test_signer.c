#include "engine/signer.h"

#include "../support/table.h"
#include "hub/sas.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOW_S 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

static char host_name[] = "h";
static char device_id[] = "a+b";
static char policy[] = "service";
static char ready[] = "SharedAccessSignature sr=h&sig=s&se=1";
static char key_bytes[] = "key";
static const struct credentials device = {
    .host_name = host_name,
    .device_id = device_id,
    .key = { .data = key_bytes, .size = 3 },
};
static const struct credentials service = {
    .host_name = host_name,
    .policy = policy,
    .key = { .data = key_bytes, .size = 3 },
};
static const struct credentials ready_made = { .host_name = host_name, .token = ready };
static const struct credentials x509 = { .host_name = host_name, .x509 = true };

/* The expiry of the token that is used at now_s. */
static int64_t expiry_at(struct signer *signer, int64_t now_s)
{
    const char *token = NULL;
    struct c2d_sas sas;

    cr_assert_eq(signer_token(signer, now_s, &token, NULL), C2D_OK);
    cr_assert_eq(sas_parse(token, &sas, NULL), C2D_OK);
    return sas.expires_at_s;
}

Test(signer, token_is_for_the_device_or_the_whole_hub)
{
    static const struct {
        const struct credentials *credentials;
        const char *resource, *policy;
    } rows[] = { { &device, "h/devices/a+b", "" }, { &service, "h", "service" } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signer signer = { .credentials = rows[i].credentials };
        const char *token = NULL;
        struct c2d_sas sas;

        cr_assert_eq(signer_token(&signer, NOW_S, &token, NULL), C2D_OK);
        cr_assert_eq(sas_parse(token, &sas, NULL), C2D_OK);
        cr_expect_str_eq(sas.resource, rows[i].resource);
        cr_expect_str_eq(sas.policy, rows[i].policy);
        cr_expect_eq(sas.expires_at_s, NOW_S + 3600);
        signer_clear(&signer);
    }
}

Test(signer, token_is_renewed_at_80_percent_of_its_hour_and_when_the_clock_was_set_back)
{
    static const struct {
        int64_t later_s;
        bool renewed;
    } rows[] = {
        { 0, false },   { 1, false },   { 2879, false }, { 2880, true },
        { 3600, true }, { 7200, true }, { -1, true },    { -86400, true },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signer signer = { .credentials = &device };
        int64_t now_s = NOW_S + rows[i].later_s;

        cr_assert_eq(expiry_at(&signer, NOW_S), NOW_S + 3600);
        cr_expect_eq(expiry_at(&signer, now_s), (rows[i].renewed ? now_s : NOW_S) + 3600,
                     "%lld s later", (long long)rows[i].later_s);
        signer_clear(&signer);
    }
}

Test(signer, renewing_gives_a_fresh_token)
{
    struct signer signer = { .credentials = &device };

    cr_assert_eq(expiry_at(&signer, NOW_S), NOW_S + 3600);
    signer_discard_token(&signer);
    cr_assert_eq(expiry_at(&signer, NOW_S + 5), NOW_S + 3605);
    signer_clear(&signer);
}

Test(signer, ready_token_is_used_as_it_is_and_a_certificate_needs_none)
{
    struct signer signer = { .credentials = &ready_made };
    const char *token = NULL;

    cr_assert_eq(signer_token(&signer, NOW_S, &token, NULL), C2D_OK);
    cr_assert_str_eq(token, ready);
    cr_assert_not(signer_can_renew(&signer));
    signer.credentials = &x509;
    cr_assert_eq(signer_token(&signer, NOW_S, &token, NULL), C2D_OK);
    cr_assert_null(token);
    cr_assert_not(signer_can_renew(&signer));
    signer.credentials = &device;
    cr_assert(signer_can_renew(&signer));
}
