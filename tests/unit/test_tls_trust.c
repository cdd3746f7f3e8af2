/* Which certificates are trusted by default. */
#include "http/tls_trust.h"

#include <criterion/criterion.h>
#include <openssl/x509.h>

/* A bundle of all roots costs ten times as much as the one root that is needed. */
Test(tls_trust, where_libcurl_has_no_folder_that_of_openssl_is_used)
{
    const char *dir = X509_get_default_cert_dir();
    struct tls_trust expected = tls_trust_choose(NULL, NULL, "/bundle.pem", dir);
    struct tls_trust trust = tls_trust_choose(NULL, NULL, "/bundle.pem", NULL);

    if (expected.dir == NULL)
        cr_skip_test("%s is not hashed here", dir);
    cr_assert_str_eq(trust.dir, dir);
    cr_assert_str_eq(trust.fallback, "/bundle.pem");
    cr_assert(trust.is_system);
}

Test(tls_trust, where_libcurl_has_no_bundle_that_of_openssl_is_used)
{
    struct tls_trust trust = tls_trust_choose(NULL, NULL, NULL, "/nonexistent");

    cr_assert_str_eq(trust.file, X509_get_default_cert_file());
    cr_assert_null(trust.dir);
    cr_assert(trust.is_system);
}

Test(tls_trust, own_certificates_replace_those_of_the_system)
{
    struct tls_trust trust = tls_trust_choose("own.pem", NULL, "/bundle.pem", "/nonexistent");

    cr_assert_str_eq(trust.file, "own.pem");
    cr_assert_null(trust.dir);
    cr_assert_null(trust.fallback);
    cr_assert_not(trust.is_system);
}
