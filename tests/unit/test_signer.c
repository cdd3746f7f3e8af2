#include "../../src/lib/signer.h"

#include "../../src/lib/sas.h"
#include "../support/table.h"

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

/* When the token that is in use at now_s ends. */
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
    signer_renew(&signer);
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

static const struct {
    const char *what, *date, *age;
    int64_t offset_s; /* 0: not followed */
} dates[] = {
    { "the same", "Tue, 14 Nov 2023 22:13:20 GMT", NULL, 0 },
    { "5 min ahead", "Tue, 14 Nov 2023 22:18:20 GMT", NULL, 0 },
    { "5 min behind", "Tue, 14 Nov 2023 22:08:20 GMT", NULL, 0 },
    { "5 min 1 s ahead", "Tue, 14 Nov 2023 22:18:21 GMT", NULL, 301 },
    { "5 min 1 s behind", "Tue, 14 Nov 2023 22:08:19 GMT", NULL, -301 },
    { "2 h ahead", "Wed, 15 Nov 2023 00:13:20 GMT", NULL, 7200 },
    { "40 years ahead", "Mon, 14 Nov 2063 22:13:20 GMT", NULL, 1262304000 },
    { "60 years ahead", "Mon, 14 Nov 2083 22:13:20 GMT", NULL, 0 },
    { "53 years behind", "Thu, 01 Jan 1970 00:00:00 GMT", NULL, 0 },
    { "cached", "Wed, 15 Nov 2023 00:13:20 GMT", "0", 0 },
    { "unparsable", "yesterday", NULL, 0 },
    { "none", NULL, NULL, 0 },
};

Test(signer, date_of_the_hub_is_followed_only_where_it_can_be_trusted)
{
    for (size_t i = 0; i < COUNT(dates); i++) {
        struct signer signer = { .credentials = &device };

        cr_expect_eq(signer_follow_date(&signer, dates[i].date, dates[i].age, NOW_S),
                     dates[i].offset_s != 0, "%s", dates[i].what);
        cr_expect_eq(signer.clock_offset_s, dates[i].offset_s, "%s", dates[i].what);
        cr_expect_eq(expiry_at(&signer, NOW_S), NOW_S + dates[i].offset_s + 3600, "%s",
                     dates[i].what);
        signer_clear(&signer);
    }
}

Test(signer, own_clock_is_trusted_again_once_it_agrees_with_the_hub)
{
    struct signer signer = { .credentials = &device };

    cr_assert(signer_follow_date(&signer, "Tue, 14 Nov 2023 20:13:20 GMT", NULL, NOW_S));
    /* Somebody sets the clock: now it shows what the hub shows. */
    signer_follow_date(&signer, "Tue, 14 Nov 2023 20:13:20 GMT", NULL, NOW_S - 7200);
    signer_renew(&signer);
    cr_expect_eq(expiry_at(&signer, NOW_S - 7200), NOW_S - 7200 + 3600);
    signer_clear(&signer);
}
