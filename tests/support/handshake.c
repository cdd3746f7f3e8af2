#include "handshake.h"

#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <time.h>

/* EVP_EC_gen() does the same from OpenSSL 3 on. */
static EVP_PKEY *new_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    EVP_PKEY *key = NULL;

    cr_assert_eq(EVP_PKEY_keygen_init(context), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1), 1);
    cr_assert_eq(EVP_PKEY_keygen(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

static X509 *new_certificate(EVP_PKEY *key, long good_for_s)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:hub.test,DNS:p*.hub.test");

    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), good_for_s);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const void *)"hub", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_add_ext(certificate, names, -1);
    cr_assert_neq(X509_sign(certificate, key, EVP_sha256()), 0);
    X509_EXTENSION_free(names);
    return certificate;
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct world *world = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    tls_cache_keep(&world->cache, ssl, session, world->now_s);
    return 0;
}

void world_init(struct world *world, int version, long good_for_s)
{
    EVP_PKEY *key = new_key();
    X509 *certificate = new_certificate(key, good_for_s);

    *world = (struct world) { .server = SSL_CTX_new(TLS_server_method()),
                              .client = SSL_CTX_new(TLS_client_method()),
                              .cache = { .dir = "dir", .host = "hub.test", .proxy = "" },
                              .now_s = time(NULL) };
    cr_assert(tls_cache_init(&world->cache));
    SSL_CTX_set_max_proto_version(world->server, version);
    cr_assert_eq(SSL_CTX_use_certificate(world->server, certificate), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey(world->server, key), 1);
    SSL_CTX_set_app_data(world->client, world);
    SSL_CTX_set_verify(world->client, SSL_VERIFY_PEER, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(world->client), certificate);
    SSL_CTX_set_session_cache_mode(world->client,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(world->client, on_session);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void world_clear(struct world *world)
{
    SSL_CTX_free(world->server);
    SSL_CTX_free(world->client);
    tls_cache_clear(&world->cache);
}

SSL *new_client(struct world *world, const char *name)
{
    SSL *client = SSL_new(world->client);

    SSL_set_connect_state(client);
    SSL_set_tlsext_host_name(client, name);
    return client;
}

void shake_hands(struct world *world, const char *name)
{
    SSL *client = new_client(world, name), *server = SSL_new(world->server);
    BIO *ours, *theirs;
    char byte;

    cr_assert_eq(BIO_new_bio_pair(&ours, 0, &theirs, 0), 1);
    SSL_set_bio(client, ours, ours);
    SSL_set_bio(server, theirs, theirs);
    SSL_set_accept_state(server);
    tls_cache_offer(&world->cache, client, world->now_s);
    for (int turn = 0; turn < 10; turn++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    cr_assert(SSL_is_init_finished(client) && SSL_is_init_finished(server));
    SSL_read(client, &byte, 1); /* with TLS 1.3 the session comes after the handshake */
    world->resumed = SSL_session_reused(client) == 1;
    SSL_free(client);
    SSL_free(server);
}

bool world_offers_at(struct world *world, const struct tls_cache *cache, int64_t now_s)
{
    SSL *client = new_client(world, "hub.test");
    bool offered = tls_cache_offer(cache, client, now_s);

    cr_expect_eq(offered, SSL_get_session(client) != NULL);
    SSL_free(client);
    return offered;
}

bool world_offers(struct world *world)
{
    return world_offers_at(world, &world->cache, world->now_s);
}
