/* tls: a throw-away CA, the server certificate that it signs, and the context that serves with
 * them. Keys live in memory only. */
#include "tls.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 24 * 60 * 60 };

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[16];
    BIGNUM *number = NULL;
    bool done = false;

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive */
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    if (number != NULL)
        done = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool done;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

/* A certificate without extensions and signature. issuer NULL: its own issuer. */
static X509 *new_certificate(EVP_PKEY *key, const char *name, X509 *issuer)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = certificate != NULL ? X509_get_subject_name(certificate) : NULL;

    if (subject == NULL || X509_set_version(certificate, 2) != 1 || !set_serial(certificate)
        || X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) == NULL
        || X509_gmtime_adj(X509_getm_notAfter(certificate), 30L * DAY_S) == NULL
        || X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0)
               != 1
        || X509_set_issuer_name(certificate,
                                issuer != NULL ? X509_get_subject_name(issuer) : subject)
               != 1
        || X509_set_pubkey(certificate, key) != 1) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static X509 *new_ca(EVP_PKEY *key)
{
    X509 *ca = new_certificate(key, "c2d-sim throw-away CA", NULL);

    if (ca == NULL || !add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        || !add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign")
        || !add_extension(ca, ca, NID_subject_key_identifier, "hash")
        || X509_sign(ca, key, EVP_sha256()) == 0) {
        X509_free(ca);
        return NULL;
    }
    return ca;
}

/* The names that the server certificate is good for. */
static void format_names(const char *host, char names[static 256])
{
    unsigned char address[16];
    bool is_address =
        host != NULL
        && (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1);

    (void)snprintf(names, 256, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", is_address ? ",IP:" : "",
                   is_address ? host : "");
}

static X509 *new_leaf(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, const char *host)
{
    X509 *leaf = new_certificate(key, "localhost", ca);
    char names[256];

    format_names(host, names);
    if (leaf == NULL || !add_extension(leaf, ca, NID_basic_constraints, "critical,CA:FALSE")
        || !add_extension(leaf, ca, NID_key_usage, "critical,digitalSignature")
        || !add_extension(leaf, ca, NID_ext_key_usage, "serverAuth")
        || !add_extension(leaf, ca, NID_subject_key_identifier, "hash")
        || !add_extension(leaf, ca, NID_authority_key_identifier, "keyid:always")
        || !add_extension(leaf, ca, NID_subject_alt_name, names)
        || X509_sign(leaf, ca_key, EVP_sha256()) == 0) {
        X509_free(leaf);
        return NULL;
    }
    return leaf;
}

static bool append_pem(X509 *certificate, struct buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    long size = 0;

    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1)
        size = BIO_get_mem_data(bio, &data);
    if (size > 0)
        buf_append(pem, data, (size_t)size);
    BIO_free(bio);
    return size > 0 && !pem->failed;
}

/* Any certificate will do here: the hub knows a device by its thumbprint. The handshake has proved
 * that the client holds the key. */
static int accept_any(int verified, X509_STORE_CTX *store)
{
    (void)verified;
    (void)store;
    return 1;
}

static SSL_CTX *new_context(X509 *leaf, EVP_PKEY *key)
{
    static const unsigned char id[] = "c2d-sim";
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    /* A server that asks for certificates resumes no session without an id of its context. */
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1
        || SSL_CTX_use_certificate(tls, leaf) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1
        || SSL_CTX_set_session_id_context(tls, id, sizeof id - 1) != 1) {
        SSL_CTX_free(tls);
        return NULL;
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, accept_any);
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS); /* thousands of idle connections */
    return tls;
}

struct ssl_ctx_st *tls_new(const char *host, struct buf *ca_pem)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *ca = ca_key != NULL ? new_ca(ca_key) : NULL;
    X509 *leaf = ca != NULL && key != NULL ? new_leaf(key, ca, ca_key, host) : NULL;
    SSL_CTX *tls = NULL;

    if (leaf != NULL && append_pem(ca, ca_pem))
        tls = new_context(leaf, key);
    X509_free(leaf);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    return tls;
}

void tls_free(struct ssl_ctx_st *tls)
{
    SSL_CTX_free(tls);
}

/* text has room for two digits a byte and NUL. */
static bool thumbprint(const X509 *certificate, const EVP_MD *digest, char *text)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (X509_digest(certificate, digest, raw, &size) != 1)
        return false;
    for (unsigned int i = 0; i < size; i++)
        (void)snprintf(text + (size_t)i * 2, 3, "%02X", raw[i]);
    return true;
}

void tls_peer_certificate(const struct ssl_st *ssl, struct http_peer *peer)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);

    if (certificate == NULL)
        return;
    peer->has_certificate = thumbprint(certificate, EVP_sha1(), peer->sha1)
                            && thumbprint(certificate, EVP_sha256(), peer->sha256);
    X509_free(certificate);
}
