/* Which TLS sessions are kept, for how long, and to whom they are offered. Client and server do
 * their handshake in memory. */
#include "../support/alloc.h"
#include "../support/folder.h"
#include "../support/handshake.h"
#include "../support/table.h"

#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOUR_S = 3600, NAME_SIZE = 64 };

static void set_up(void)
{
    folder_enter();
    folder_run("mkdir -m 700 dir; echo ca >ca.pem; mkdir ca; echo key >key.pem");
}

TestSuite(tls_cache, .init = set_up, .fini = folder_leave);

/* ---- Sessions that are kept ---- */

Test(tls_cache, session_is_resumed_by_the_next_client)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    for (size_t i = 0; i < COUNT(versions); i++) {
        struct world world;

        world_init(&world, versions[i], DAY_S);
        cr_expect(!world_offers(&world));
        shake_hands(&world, "hub.test");
        cr_expect(!world.resumed);
        for (int again = 0; again < 3; again++) {
            shake_hands(&world, "hub.test");
            cr_expect(world.resumed, "TLS %x, time %d", versions[i], again);
        }
        tls_cache_give_up(&world.cache);
        shake_hands(&world, "hub.test");
        cr_expect(!world.resumed, "the cache has been given up");
        world_clear(&world);
    }
}

Test(tls_cache, session_of_a_hub_that_was_not_verified_is_not_kept)
{
    struct world world;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    SSL_CTX_set_cert_store(world.client, X509_STORE_new());
    SSL_CTX_set_verify(world.client, SSL_VERIFY_NONE, NULL);
    shake_hands(&world, "hub.test");
    cr_expect(!world_offers(&world));
    world_clear(&world);
}

Test(tls_cache, session_of_another_name_is_not_kept)
{
    static const char *const names[] = { "other.test", "part.hub.test", NULL };
    struct world world;

    world_init(&world, TLS1_2_VERSION, DAY_S);
    for (size_t i = 0; i < COUNT(names); i++) {
        shake_hands(&world, names[i]);
        cr_expect(!world_offers(&world), "row %zu", i);
    }
    world_clear(&world);
}

Test(tls_cache, session_is_valid_for_a_day_and_not_past_the_end_of_the_certificate)
{
    static const struct {
        long good_for_s;
        int64_t age_s;
        bool offered;
    } rows[] = {
        { 10 * DAY_S, 0, true },      { 10 * DAY_S, DAY_S - 1, true },
        { 10 * DAY_S, DAY_S, false }, { 10 * DAY_S, -1, false }, /* the clock was set back */
        { HOUR_S, HOUR_S - 9, true }, { HOUR_S, HOUR_S + 9, false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world world;
        char path[128];

        world_init(&world, TLS1_3_VERSION, rows[i].good_for_s);
        snprintf(path, sizeof path, "dir/%s", world.cache.name);
        shake_hands(&world, "hub.test");
        cr_expect_eq(world_offers_at(&world, &world.cache, world.now_s + rows[i].age_s),
                     rows[i].offered, "row %zu", i);
        cr_expect_eq(access(path, F_OK) == 0, rows[i].offered, "row %zu: what is too old stays", i);
        world_clear(&world);
    }
}

Test(tls_cache, full_handshake_removes_old_files_of_other_names)
{
    struct world world;
    char command[200];

    world_init(&world, TLS1_3_VERSION, DAY_S);
    snprintf(command, sizeof command, "touch -d '2 days ago' dir/%064d; touch dir/%064d", 1, 2);
    folder_run(command);
    shake_hands(&world, "hub.test");
    snprintf(command, sizeof command, "test ! -e dir/%064d -a -e dir/%064d", 1, 2);
    cr_expect_eq(system(command), 0);
    cr_expect(world_offers(&world));
    world_clear(&world);
}

Test(tls_cache, day_counts_from_the_full_handshake_however_often_it_is_resumed)
{
    struct world world;
    int64_t start_s;

    world_init(&world, TLS1_3_VERSION, 10 * DAY_S);
    start_s = world.now_s;
    shake_hands(&world, "hub.test");
    for (int hour = 8; hour < 24; hour += 8) {
        world.now_s = start_s + (int64_t)hour * HOUR_S;
        shake_hands(&world, "hub.test");
        cr_assert(world.resumed);
    }
    cr_expect(!world_offers_at(&world, &world.cache, start_s + DAY_S));
    world.now_s = start_s + DAY_S;
    shake_hands(&world, "hub.test");
    cr_expect(!world.resumed);
    cr_expect(world_offers_at(&world, &world.cache, start_s + DAY_S + 1),
              "the new one counts anew");
    world_clear(&world);
}

/* ---- Peers of a session ---- */

static struct tls_cache all_set(void)
{
    return (struct tls_cache) {
        .dir = "dir",
        .host = "hub.test",
        .proxy = "http://proxy:8080",
        .connect_to = "there:443",
        .ca_file = "ca.pem",
        .ca_dir = "ca:ca2",
        .ca_fallback = "ca.pem",
        .cert_file = "key.pem",
        .key_file = "key.pem",
    };
}

Test(tls_cache, session_is_for_the_same_names_and_files_alone)
{
    const struct {
        size_t at; /* of what is another one */
        const char *value;
    } rows[] = {
        { offsetof(struct tls_cache, host), "hub.test:8443" },
        { offsetof(struct tls_cache, host), "hub2.test" },
        { offsetof(struct tls_cache, proxy), "" },
        { offsetof(struct tls_cache, proxy), "http://proxy:8081" },
        { offsetof(struct tls_cache, connect_to), NULL },
        { offsetof(struct tls_cache, connect_to), "there:444" },
        { offsetof(struct tls_cache, ca_file), NULL },
        { offsetof(struct tls_cache, ca_file), "./ca.pem" },
        { offsetof(struct tls_cache, ca_dir), NULL },
        { offsetof(struct tls_cache, ca_dir), "ca" },
        { offsetof(struct tls_cache, ca_fallback), NULL },
        { offsetof(struct tls_cache, cert_file), NULL },
        { offsetof(struct tls_cache, cert_file), "ca.pem" },
        { offsetof(struct tls_cache, key_file), "ca.pem" },
    };
    struct world world;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    tls_cache_clear(&world.cache);
    world.cache = all_set();
    cr_assert(tls_cache_init(&world.cache));
    shake_hands(&world, "hub.test");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tls_cache other = all_set();
        char name[NAME_SIZE + 1];

        *(const char **)(void *)((char *)&other + rows[i].at) = rows[i].value;
        cr_assert(tls_cache_init(&other));
        cr_expect(!world_offers_at(&world, &other, world.now_s), "row %zu", i);
        /* Nor if it is put there. */
        snprintf(name, sizeof name, "%s", other.name);
        cr_expect_str_neq(name, world.cache.name, "row %zu", i);
        memcpy(other.name, world.cache.name, sizeof other.name);
        cr_expect(!world_offers_at(&world, &other, world.now_s), "row %zu: it was moved", i);
        tls_cache_clear(&other);
    }
    cr_expect(world_offers(&world));
    world_clear(&world);
}

/* Also within one client: it has libcurl read the files when it likes. */
Test(tls_cache, session_is_dropped_when_a_file_has_changed)
{
    static const char *const commands[] = {
        "echo new >ca.pem",
        "touch -d '1 hour ago' ca.pem",
        "cp -p ca.pem other; mv other ca.pem",
        "touch ca/5ed36f99.0",
        "mkdir ca2; touch ca2/x",
        "cp -p key.pem other; mv other key.pem",
        "rm ca.pem",
    };

    for (size_t i = 0; i < COUNT(commands); i++) {
        struct world world;
        struct tls_cache next = all_set();

        folder_run("rm -rf ca2; [ -e ca.pem ] || echo ca >ca.pem");
        world_init(&world, TLS1_3_VERSION, DAY_S);
        tls_cache_clear(&world.cache);
        world.cache = all_set();
        cr_assert(tls_cache_init(&world.cache));
        shake_hands(&world, "hub.test");
        cr_assert(world_offers(&world));
        folder_run(commands[i]);
        cr_expect(!world_offers(&world), "%s", commands[i]);
        cr_assert(tls_cache_init(&next));
        cr_expect(!world_offers_at(&world, &next, world.now_s), "%s: the next client", commands[i]);
        folder_run("rm dir/*");
        shake_hands(&world, "hub.test");
        cr_expect_eq(system("rmdir dir && mkdir -m 700 dir"), 0, "%s: it was kept", commands[i]);
        tls_cache_clear(&next);
        world_clear(&world);
    }
}

/* ---- Errors ---- */

Test(tls_cache, file_with_any_byte_changed_or_missing_is_ignored)
{
    struct world world;
    char path[128], command[256];
    long size;
    FILE *file;

    world_init(&world, TLS1_2_VERSION, DAY_S);
    shake_hands(&world, "hub.test");
    snprintf(path, sizeof path, "dir/%s", world.cache.name);
    file = fopen(path, "r+b");
    cr_assert_not_null(file);
    cr_assert_eq(setvbuf(file, NULL, _IONBF, 0), 0);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    cr_assert_gt(size, 300);
    for (long at = 0; at < size; at++) {
        int byte;

        cr_assert_eq(fseek(file, at, SEEK_SET), 0);
        byte = getc(file);
        fseek(file, at, SEEK_SET);
        putc(byte ^ 1, file);
        cr_expect(!world_offers(&world), "byte %ld", at);
        fseek(file, at, SEEK_SET);
        putc(byte, file);
    }
    cr_expect(world_offers(&world), "it is as it was");
    for (; size > 0; size -= 7) {
        cr_assert_eq(truncate(path, size - 1), 0);
        cr_expect(!world_offers(&world), "the first %ld bytes", size - 1);
    }
    fclose(file);
    snprintf(command, sizeof command, "truncate -s 0 %s", path);
    folder_run(command);
    cr_expect(!world_offers(&world));
    shake_hands(&world, "hub.test");
    cr_expect(world_offers(&world), "the next handshake has replaced it");
    world_clear(&world);
}

Test(tls_cache, without_a_folder_nothing_happens)
{
    struct world world;

    world_init(&world, TLS1_3_VERSION, DAY_S);
    world.cache.dir = NULL;
    shake_hands(&world, "hub.test");
    cr_expect(!world_offers(&world));
    world.cache.dir = "dir";
    cr_expect(!world_offers(&world));
    world_clear(&world);
}

Test(tls_cache, failed_allocation_is_reported_or_costs_a_full_handshake)
{
    struct world world;

    for (size_t n = 0; alloc_next(&n);) {
        struct tls_cache cache = all_set();
        bool ok;

        alloc_fail_at(n, false);
        ok = tls_cache_init(&cache);
        cr_expect_neq(ok, alloc_stop(), "allocation %zu", n);
        tls_cache_clear(&cache);
    }
    world_init(&world, TLS1_3_VERSION, DAY_S);
    shake_hands(&world, "hub.test");
    for (size_t n = 0; alloc_next(&n);) {
        bool offered;

        alloc_fail_at(n, false);
        offered = world_offers(&world);
        cr_expect_neq(offered, alloc_stop(), "allocation %zu", n);
    }
    cr_expect(world_offers(&world));
    world_clear(&world);
}
