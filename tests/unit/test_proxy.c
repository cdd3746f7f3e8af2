/* The choice of the proxy for a host, and its name in errors. */
#include "http/proxy.h"

#include "../support/alloc.h"
#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

#define HOST "hub.azure-devices.net"

static enum c2d_status choose(struct proxy *proxy, struct c2d_options options,
                              struct c2d_error *error)
{
    *proxy = (struct proxy) { 0 };
    *error = (struct c2d_error) { 0 };
    return proxy_choose(proxy, &options, HOST, error);
}

Test(proxy, url_is_read_as_people_write_it)
{
    static const struct {
        const char *url, *name, *secret;
    } rows[] = {
        { "http://p", "http://p:1080", "" },
        { "p", "http://p:1080", "" },
        { "p:3128", "http://p:3128", "" },
        { "HTTP://p:3128/", "http://p:3128", "" },
        { "https://p", "https://p:443", "" },
        { "socks5h://p", "socks5h://p:1080", "" },
        { "socks5://127.0.0.1:9050", "socks5://127.0.0.1:9050", "" },
        { "socks4a://p", "socks4a://p:1080", "" },
        { "http://[::1]:3128", "http://[::1]:3128", "" },
        { "http://[::1]", "http://[::1]:1080", "" },
        { "http://u:pw@p:1", "http://p:1", "u:pw" },
        { "u:pw@p:1", "http://p:1", "u:pw" },
        { "http://u@p:1", "http://p:1", "u" },
        { "http://u%40d:p%3aw@p:1", "http://p:1", "u%40d:p%3aw" },
        { "http://u:p@w/#?@p:1", "http://p:1", "u:p@w/#?" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxy proxy;
        struct c2d_error error;
        enum c2d_status status = choose(
            &proxy,
            (struct c2d_options) { .size = sizeof(struct c2d_options), .proxy = rows[i].url },
            &error);

        cr_expect_eq(status, C2D_OK, "%s: %s", rows[i].url, error.text);
        cr_expect_str_eq(proxy.name, rows[i].name, "%s: %s", rows[i].url, proxy.name);
        cr_expect_str_eq(proxy.secret.size > 0 ? proxy.secret.data : "", rows[i].secret, "%s",
                         rows[i].url);
        proxy_clear(&proxy);
    }
}

Test(proxy, invalid_url_is_refused_and_not_repeated)
{
    static const char *const rows[] = {
        "http://",         "ftp://CANARY:1",      "://CANARY",        "http://CANARY:0",
        "http://:1",       "http://CANARY:65536", "http://CANARY:x",  "http://CANARY:1/x",
        "http://u:CANARY", "http://::CANARY:1",   "http://[CANARY",   "http://[]:1",
        "http://CANARY p", "http://CANARY\n",     "http://u:CANARY@", "http://CANARY#x:1",
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxy proxy;
        struct c2d_error error;

        cr_expect_eq(
            choose(&proxy,
                   (struct c2d_options) { .size = sizeof(struct c2d_options), .proxy = rows[i] },
                   &error),
            C2D_CONFIG, "%s", rows[i]);
        cr_expect_null(strstr(error.text, "CANARY"), "%s: %s", rows[i], error.text);
        cr_expect_not_null(strstr(error.hint, "HOST:PORT"), "%s", rows[i]);
        proxy_clear(&proxy);
    }
}

Test(proxy, separate_credentials_are_encoded_and_take_precedence)
{
    struct proxy proxy;
    struct c2d_error error;

    choose(&proxy,
           (struct c2d_options) { .size = sizeof(struct c2d_options),
                                  .proxy = "http://old:pw@p:1",
                                  .proxy_user = "do:main\\me",
                                  .proxy_password = "100%41 @ss:" },
           &error);
    cr_assert_str_eq(proxy.name, "http://p:1");
    /* libcurl decodes both: what is in the file must arrive as it is. */
    cr_assert_str_eq(proxy.secret.data, "do%3Amain%5Cme:100%2541%20%40ss%3A");
    proxy_clear(&proxy);
    choose(&proxy,
           (struct c2d_options) {
               .size = sizeof(struct c2d_options), .proxy = "p:1", .proxy_user = "me" },
           &error);
    cr_assert_str_eq(proxy.secret.data, "me:");
    proxy_clear(&proxy);
}

Test(proxy, exceptions_cover_a_name_and_all_below_it)
{
    static const struct {
        const char *list;
        bool direct;
    } rows[] = {
        { NULL, false },
        { "", false },
        { "*", true },
        { "other,*", true },
        { HOST, true },
        { "HUB.Azure-Devices.NET", true },
        { "azure-devices.net", true },
        { ".azure-devices.net", true },
        { "*.azure-devices.net", true },
        { "localhost, net", true },
        { "localhost net\tx", true },
        { ",,net,", true },
        { "et", false },
        { "devices.net", false },
        { "my." HOST, false },
        { "hub", false },
        { ".", false },
        { "other.net,other.org", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxy proxy;
        struct c2d_error error;

        choose(&proxy,
               (struct c2d_options) { .size = sizeof(struct c2d_options),
                                      .proxy = "http://u:p@p:1",
                                      .no_proxy = rows[i].list },
               &error);
        cr_expect_eq(proxy.name[0] == '\0', rows[i].direct, "row %zu: %s", i, rows[i].list);
        cr_expect_eq(proxy.secret.size == 0, rows[i].direct, "row %zu", i);
        proxy_clear(&proxy);
    }
}

Test(proxy, connection_without_a_proxy_is_no_failure)
{
    struct proxy proxy;
    struct c2d_error error;

    cr_assert_eq(choose(&proxy,
                        (struct c2d_options) { .size = sizeof(struct c2d_options), .proxy = "" },
                        &error),
                 C2D_OK);
    cr_assert_str_eq(proxy.name, "");
    cr_assert_eq(
        choose(&proxy,
               (struct c2d_options) { .size = sizeof(struct c2d_options), .proxy_user = "u" },
               &error),
        C2D_OK);
    cr_assert_eq(proxy.secret.size, 0);
    proxy_clear(&proxy);
}

Test(proxy, password_is_known_from_the_url_or_from_separate_credentials)
{
    static const struct {
        const char *url, *user, *password;
        bool expected;
    } rows[] = {
        { "p:1", NULL, NULL, false },    { "u@p:1", NULL, NULL, false },
        { "u:@p:1", NULL, NULL, false }, { "u:pw@p:1", NULL, NULL, true },
        { "p:1", "u", NULL, false },     { "p:1", "u", "pw", true },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxy proxy;
        struct c2d_error error;

        choose(&proxy,
               (struct c2d_options) { .size = sizeof(struct c2d_options),
                                      .proxy = rows[i].url,
                                      .proxy_user = rows[i].user,
                                      .proxy_password = rows[i].password },
               &error);
        cr_expect_eq(proxy_has_password(&proxy), rows[i].expected, "row %zu", i);
        proxy_clear(&proxy);
    }
}

Test(proxy, failed_allocation_is_reported_as_such)
{
    static const struct {
        const char *url, *user;
    } rows[] = { { "http://user:password@p:1", NULL }, { "http://p:1", "user" } };

    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t n = 0; alloc_next(&n);) {
            struct proxy proxy;
            struct c2d_error error;
            enum c2d_status status;

            alloc_fail_at(n, false);
            status = choose(&proxy,
                            (struct c2d_options) { .size = sizeof(struct c2d_options),
                                                   .proxy = rows[i].url,
                                                   .proxy_user = rows[i].user },
                            &error);
            cr_expect_eq(status, alloc_stop() ? C2D_OS : C2D_OK, "row %zu: allocation %zu: %s", i,
                         n, error.text);
            proxy_clear(&proxy);
        }
}
