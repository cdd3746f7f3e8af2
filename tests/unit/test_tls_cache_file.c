/* The file of a TLS cache: what is taken from it, and what happens when it cannot be written. */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "../support/handshake.h"
#include "base/crypto.h"
#include "http/cache_file.h"

#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

static void set_up(void)
{
    folder_enter();
    folder_run("mkdir -m 700 dir");
}

TestSuite(tls_cache_file, .init = set_up, .fini = folder_leave);

/* The session in the file of the cache. */
static SSL_SESSION *stored_session(const struct tls_cache *cache)
{
    struct buf data = { 0 };
    const unsigned char *at;
    SSL_SESSION *session;

    cr_assert(cache_file_read(cache->dir, cache->name, &data, NULL));
    at = (const unsigned char *)data.data;
    session = d2i_SSL_SESSION(NULL, &at, (long)(data.size - HMAC_SIZE));
    buf_clear(&data);
    cr_assert_not_null(session);
    return session;
}

static void store_session(const struct tls_cache *cache, SSL_SESSION *session)
{
    int size = i2d_SSL_SESSION(session, NULL);
    struct buf data = { 0 };
    unsigned char *at = (unsigned char *)buf_reserve(&data, (size_t)size), mac[HMAC_SIZE];

    data.size = (size_t)i2d_SSL_SESSION(session, &at);
    cr_assert(crypto_hmac_sha256(&cache->key, data.data, data.size, mac));
    cr_assert(buf_append(&data, mac, sizeof mac));
    cr_assert(cache_file_write(cache->dir, cache->name, &data, NULL));
    buf_clear(&data);
}

Test(tls_cache_file, session_of_unknown_age_is_not_offered)
{
    struct world world;
    SSL_SESSION *session;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    shake_hands(&world, "hub.test");
    session = stored_session(&world.cache);
    store_session(&world.cache, session);
    cr_expect(world_offers(&world));
    cr_assert_eq(SSL_SESSION_set1_ticket_appdata(session, "time", 4), 1);
    store_session(&world.cache, session);
    cr_expect(!world_offers(&world));
    SSL_SESSION_free(session);
    world_clear(&world);
}

Test(tls_cache_file, session_of_a_time_that_cannot_be_is_not_offered)
{
    static const int64_t times[] = { INT64_MIN, INT64_MAX };
    struct world world;
    SSL_SESSION *session;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    shake_hands(&world, "hub.test");
    session = stored_session(&world.cache);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        cr_assert_eq(SSL_SESSION_set1_ticket_appdata(session, &times[i], sizeof times[i]), 1);
        store_session(&world.cache, session);
        cr_expect(!world_offers(&world));
    }
    SSL_SESSION_free(session);
    world_clear(&world);
}

Test(tls_cache_file, client_that_has_a_session_already_keeps_it)
{
    struct world world;
    SSL_SESSION *session;
    SSL *client;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    shake_hands(&world, "hub.test");
    session = stored_session(&world.cache);
    client = new_client(&world, "hub.test");
    cr_assert_eq(SSL_set_session(client, session), 1);
    cr_expect(!tls_cache_offer(&world.cache, client, world.now_s));
    cr_expect_eq(SSL_get_session(client), session);
    SSL_free(client);
    SSL_SESSION_free(session);
    world_clear(&world);
}

static void take_note(void *context, const char *text, size_t size)
{
    snprintf(context, 600, "%.*s", (int)size, text);
}

Test(tls_cache_file, session_that_cannot_be_written_is_noted_with_the_reason)
{
    struct world world;
    char note[600] = "";

    world_init(&world, TLS1_3_VERSION, DAY_S);
    world.cache.note = take_note;
    world.cache.note_context = note;
    cr_assert_eq(rmdir("dir"), 0);
    shake_hands(&world, "hub.test");
    cr_expect_str_eq(note, "TLS cache: 'dir': No such file or directory");
    world_clear(&world);
}

Test(tls_cache_file, failed_allocation_costs_a_full_handshake)
{
    struct world world;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    shake_hands(&world, "hub.test");
    for (size_t n = 0; alloc_next(&n);) {
        folder_run("rm dir/*");
        alloc_fail_at(n, false);
        shake_hands(&world, "hub.test");
        if (alloc_stop())
            shake_hands(&world, "hub.test");
        cr_expect(world_offers(&world), "allocation %zu", n);
    }
    world_clear(&world);
}
