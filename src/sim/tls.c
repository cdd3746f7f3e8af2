/* Creates the CA and the certificate of the server. Their keys exist in memory only. */
#include "tls.h"
#include "util.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 60 * 60 };

/* The last one of an array has no value. */
struct extension {
    int nid;
    const char *value;
};

/* NULL on failure. EVP_EC_gen() does the same from OpenSSL 3 on. */
static EVP_PKEY *new_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    EVP_PKEY *key = NULL;

    if (context != NULL && EVP_PKEY_keygen_init(context) == 1
        && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1)
        (void)EVP_PKEY_keygen(context, &key);
    EVP_PKEY_CTX_free(context);
    return key;
}

static bool add_extension(X509 *certificate, X509 *issuer, const struct extension *wanted)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool done;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, wanted->nid, wanted->value);
    done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

/* Returns NULL on failure. ca NULL: self-signed with ca_key. */
static X509 *new_certificate(EVP_PKEY *key, const char *name, X509 *ca, EVP_PKEY *ca_key,
                             const struct extension *extensions)
{
    X509 *certificate = X509_new();
    X509 *issuer = ca != NULL ? ca : certificate;
    X509_NAME *subject = certificate != NULL ? X509_get_subject_name(certificate) : NULL;
    uint64_t serial = 0;
    bool done;

    random_bytes(&serial, sizeof serial);
    done = subject != NULL && X509_set_version(certificate, 2) == 1
           && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1
           /* From a day ago, as a client's clock may be slow. */
           && X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL
           && X509_gmtime_adj(X509_getm_notAfter(certificate), 30L * DAY_S) != NULL
           && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const void *)name, -1, -1, 0)
                  == 1
           && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1
           && X509_set_pubkey(certificate, key) == 1;
    for (; done && extensions->value != NULL; extensions++)
        done = add_extension(certificate, issuer, extensions);
    if (done && X509_sign(certificate, ca_key, EVP_sha256()) != 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* Accepts any certificate: auth.c checks it when a request names a device. The handshake proves
 * that the client has the key. */
static int accept_any(int verified, X509_STORE_CTX *store)
{
    (void)verified;
    (void)store;
    return 1;
}

/* A ticket contains the client's certificate, but not the chain that the client sent. A session
 * with a chain is not resumed: its ticket gets a mark, and check_ticket() ignores such tickets. */
static int mark_ticket(SSL *ssl, void *context)
{
    bool is_chain = sk_X509_num(SSL_get_peer_cert_chain(ssl)) > 0; /* does not count the leaf */

    (void)context;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), "chain", is_chain ? 5 : 0);
}

static SSL_TICKET_RETURN check_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                      size_t name_size, SSL_TICKET_STATUS status, void *context)
{
    void *mark = NULL;
    size_t size = 0;

    (void)ssl;
    (void)name;
    (void)name_size;
    (void)context;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (SSL_SESSION_get0_ticket_appdata(session, &mark, &size) == 1 && size > 0)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static SSL_CTX *new_context(X509 *leaf, EVP_PKEY *key)
{
    static const unsigned char id[] = "c2d-sim";
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    /* A server that requests certificates resumes sessions only with a session id context. */
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1
        || SSL_CTX_use_certificate(tls, leaf) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1
        || SSL_CTX_set_session_id_context(tls, id, sizeof id - 1) != 1) {
        SSL_CTX_free(tls);
        return NULL;
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, accept_any);
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_session_ticket_cb(tls, mark_ticket, check_ticket, NULL); /* never fails */
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS); /* for thousands of idle connections */
    return tls;
}

static bool is_address(const char *text)
{
    unsigned char raw[16];

    return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

struct ssl_ctx_st *tls_new(const char *name, const char *address, struct evbuffer *ca_pem)
{
    bool has_address = address != NULL && is_address(address);
    char *names =
        text_format("DNS:localhost,IP:127.0.0.1,IP:::1,%s:%s%s%s", is_address(name) ? "IP" : "DNS",
                    name, has_address ? ",IP:" : "", has_address ? address : "");
    const struct extension ca_extensions[] = {
        { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
        { NID_key_usage, "critical,keyCertSign,cRLSign" },
        { NID_subject_key_identifier, "hash" },
        { 0, NULL },
    };
    const struct extension extensions[] = {
        { NID_basic_constraints, "critical,CA:FALSE" },
        { NID_key_usage, "critical,digitalSignature" },
        { NID_ext_key_usage, "serverAuth" },
        { NID_subject_key_identifier, "hash" },
        { NID_authority_key_identifier, "keyid:always" },
        { NID_subject_alt_name, names },
        { 0, NULL },
    };
    EVP_PKEY *key = new_key();
    EVP_PKEY *ca_key = new_key();
    BIO *pem = BIO_new(BIO_s_mem());
    char *data = NULL;
    X509 *ca = NULL;
    X509 *leaf = NULL;
    SSL_CTX *tls = NULL;

    if (key != NULL && ca_key != NULL)
        ca = new_certificate(ca_key, "c2d-sim throw-away CA", NULL, ca_key, ca_extensions);
    if (ca != NULL)
        leaf = new_certificate(key, "localhost", ca, ca_key, extensions);
    if (leaf != NULL && pem != NULL && PEM_write_bio_X509(pem, ca) == 1) {
        long size = BIO_get_mem_data(pem, &data);

        evbuffer_add(ca_pem, data, (size_t)size);
        tls = new_context(leaf, key);
    }
    BIO_free(pem);
    X509_free(leaf);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    free(names);
    return tls;
}

/* NULL if it has sent none. It belongs to ssl. */
static X509 *client_certificate(const struct ssl_st *ssl)
{
    SSL_SESSION *session = SSL_get_session(ssl);

    return session == NULL ? NULL : SSL_SESSION_get0_peer(session);
}

/* out has room for two digits a byte of the digest. */
static void write_digest(const X509 *certificate, const EVP_MD *algorithm, char *out)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    *out = '\0';
    if (certificate == NULL || X509_digest(certificate, algorithm, raw, &size) != 1)
        return;
    for (unsigned int i = 0; i < size; i++)
        (void)snprintf(out + 2 * (size_t)i, 3, "%02X", raw[i]);
}

void tls_thumbprints(const struct ssl_st *ssl, char sha1[static 41], char sha256[static 65])
{
    const X509 *certificate = client_certificate(ssl);

    write_digest(certificate, EVP_sha1(), sha1);
    write_digest(certificate, EVP_sha256(), sha256);
}

unsigned tls_add_authorities(struct x509_store_st **authorities, const char *pem)
{
    BIO *input = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    unsigned count = 0;

    if (*authorities == NULL)
        *authorities = X509_STORE_new();
    if (*authorities == NULL || input == NULL)
        exit(report(EXIT_OS, "out of memory"));
    while ((certificate = PEM_read_bio_X509(input, NULL, NULL, NULL)) != NULL) {
        /* A duplicate is not an error. */
        count +=
            X509_check_ca(certificate) != 0 && X509_STORE_add_cert(*authorities, certificate) == 1;
        X509_free(certificate);
    }
    ERR_clear_error(); /* the end of the text is reported as an error */
    BIO_free(input);
    return count;
}

void tls_free_authorities(struct x509_store_st *authorities)
{
    X509_STORE_free(authorities);
}

static bool has_name(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int last = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const X509_NAME_ENTRY *entry = last >= 0 ? X509_NAME_get_entry(subject, last) : NULL;
    const ASN1_STRING *value = entry != NULL ? X509_NAME_ENTRY_get_data(entry) : NULL;

    return value != NULL && (size_t)ASN1_STRING_length(value) == strlen(name)
           && memcmp(ASN1_STRING_get0_data(value), name, strlen(name)) == 0;
}

bool tls_is_signed(const struct ssl_st *ssl, struct x509_store_st *authorities, const char *name,
                   int64_t now_s)
{
    X509 *certificate = client_certificate(ssl);
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool is_signed = false;

    if (certificate != NULL && authorities != NULL && has_name(certificate, name)
        && X509_STORE_CTX_init(context, authorities, certificate, SSL_get_peer_cert_chain(ssl))
               == 1) {
        X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);

        /* Documented: an intermediate CA can be registered without its root. */
        (void)X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
        (void)X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
        X509_VERIFY_PARAM_set_time(rules, (time_t)now_s);
        is_signed = X509_verify_cert(context) == 1;
        ERR_clear_error();
    }
    X509_STORE_CTX_free(context);
    return is_signed;
}
