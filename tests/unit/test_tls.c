/* Unusable certificate files are found before a connection. */
#include "../support/alloc.h"
#include "http/tls.h"

#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ca[] = "-----BEGIN CERTIFICATE-----\n"
                         "MIIBcTCCARegAwIBAgIUY3lu2gEV8smZbAH5zFxzGQfFvBAwCgYIKoZIzj0EAwIw\n"
                         "DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI4MDg0NDIzWhgPMjEyNjExMDQwODQ0MjNa\n"
                         "MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6/hpR60e\n"
                         "9KihRN2QLoPNPmrL1ApivrxvCe+tCruoxWmTi/ZJRzxa1qEqH8HVGKqCgRuf7mvY\n"
                         "BhZYsgglFlqHsKNTMFEwHQYDVR0OBBYEFCm/x5BBTWtmYAmM9gkg913BHMP5MB8G\n"
                         "A1UdIwQYMBaAFCm/x5BBTWtmYAmM9gkg913BHMP5MA8GA1UdEwEB/wQFMAMBAf8w\n"
                         "CgYIKoZIzj0EAwIDSAAwRQIhAJpAgWmnmVjC0muWaZ13+8sIWG7td8fdSrLh7oNs\n"
                         "t9/HAiB26Axr/SrzMTXf6/r3ITUSKGuWMwr/xx8tqzz7Ho/lFw==\n"
                         "-----END CERTIFICATE-----\n";

/* Allocations of OpenSSL fail only here: other tests count only those of the library. */
static bool is_watched;

static void *take(size_t size, const char *file, int line)
{
    void *memory;

    (void)file, (void)line;
    if (is_watched)
        return alloc_malloc(size);
    alloc_pause();
    memory = alloc_malloc(size);
    alloc_resume();
    return memory;
}

static void *take_again(void *old, size_t size, const char *file, int line)
{
    void *memory;

    (void)file, (void)line;
    if (is_watched)
        return realloc(old, size);
    alloc_pause();
    memory = realloc(old, size);
    alloc_resume();
    return memory;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    free(memory);
}

/* OpenSSL has memory again, and trusts no certificate. */
__attribute__((constructor)) static void stand_before_openssl(void)
{
    (void)CRYPTO_set_mem_functions(take, take_again, give_back);
}

Test(tls, failed_allocation_is_not_reported_as_a_file_without_a_certificate)
{
    char name[] = "/tmp/c2d-tls-XXXXXX";
    FILE *file = fdopen(mkstemp(name), "w");

    is_watched = true;
    cr_assert_not_null(file);
    fputs(ca, file);
    fclose(file);
    for (int lasting = 0; lasting < 2; lasting++)
        for (size_t n = 0; alloc_next(&n);) {
            struct c2d_error error = { 0 };
            enum c2d_status status;
            bool failed;

            alloc_fail_at(n, lasting != 0);
            status = tls_check_ca_file("CA file", name, &error);
            failed = alloc_stop();
            cr_expect(status == C2D_OS || (status == C2D_OK && (!failed || lasting == 0)),
                      "allocation %zu%s: %s: %s", n, lasting ? " and all later ones" : "",
                      c2d_status_name(status), error.text);
        }
    unlink(name);
}

Test(tls, handshake_that_cannot_be_watched_is_refused)
{
    is_watched = true;
    for (size_t n = 0; alloc_next(&n);) {
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        struct tls_cache cache = { 0 };
        struct tls_verdict verdict;
        bool watched, failed;

        alloc_fail_at(n, false);
        watched = tls_watch(context, &verdict, &cache);
        failed = alloc_stop();
        cr_expect_eq(watched, SSL_CTX_get_app_data(context) == &verdict, "allocation %zu", n);
        SSL_CTX_free(context);
        cr_expect(n > 1 || failed, "tls_watch() must allocate");
    }
}
