/* Callbacks on libcurl's SSL_CTX, which record why a handshake failed, offer and keep sessions, and
 * set the minimum security level. Also checks certificate and key files before connecting. */
#include "tls.h"

#include "base/error.h"
#include "base/timestamp.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#ifndef SSL_R_UNEXPECTED_EOF_WHILE_READING /* OpenSSL 1.1.1 has no error for it */
#define SSL_R_UNEXPECTED_EOF_WHILE_READING 294
#endif

static void note_certificate(struct tls_certificate *out, const X509 *certificate)
{
    struct tm end;

    if (certificate == NULL)
        return;
    X509_NAME_oneline(X509_get_subject_name(certificate), out->subject, sizeof out->subject);
    X509_NAME_oneline(X509_get_issuer_name(certificate), out->issuer, sizeof out->issuer);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1
        || !timestamp_from_utc(&end, &out->ends_at_s))
        out->ends_at_s = 0;
}

/* ---- The back end of libcurl ---- */

/* Finds the back end in use in "(OpenSSL/3.0.2) GnuTLS/3.7.3": the others are in parentheses. */
static const char *active_backend(const char *backends)
{
    while (*backends == '(' || *backends == ' ')
        backends += *backends == '(' ? strcspn(backends, " ") : 1;
    return backends;
}

/* The versions of OpenSSL 1.1, and those within a later major version, have one binary interface.
 * quictls is OpenSSL with that of QUIC added. */
static bool is_openssl(const char *backend, unsigned long major)
{
    static const char *const names[] = { "OpenSSL/", "quictls/" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char ours[32];

        snprintf(ours, sizeof ours, "%s%lu.", names[i], major);
        if (strncmp(backend, ours, strlen(ours)) == 0)
            return true;
    }
    return false;
}

enum c2d_status tls_check_backend(const char *curl_version, const char *backends,
                                  struct c2d_error *error)
{
    const char *active = backends == NULL ? "nothing" : active_backend(backends);
    unsigned long major = OpenSSL_version_num() >> 28;

    if (is_openssl(active, major))
        return C2D_OK;
    if (backends != NULL && strstr(backends, "(OpenSSL/") != NULL)
        hint(error, "choose it: set the variable CURL_SSL_BACKEND=openssl");
    else
        hint(error, "install a libcurl that is built with OpenSSL %lu", major);
    return fail(error, C2D_CONFIG, "libcurl %s uses %.*s for TLS, but OpenSSL %lu is needed",
                curl_version, (int)strcspn(active, " "), active, major);
}

/* ---- Handshakes ---- */

static enum tls_fault fault_of(int code)
{
    static const struct {
        int code;
        enum tls_fault fault;
    } faults[] = {
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_NO_ISSUER },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_NO_ISSUER },
        { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_NO_ISSUER },
        { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_SELF_SIGNED },
        { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_SELF_SIGNED },
        { X509_V_ERR_CERT_HAS_EXPIRED, TLS_EXPIRED },
        { X509_V_ERR_CERT_NOT_YET_VALID, TLS_NOT_YET_VALID },
        { X509_V_ERR_EE_KEY_TOO_SMALL, TLS_WEAK },
        { X509_V_ERR_CA_KEY_TOO_SMALL, TLS_WEAK },
        { X509_V_ERR_CA_MD_TOO_WEAK, TLS_WEAK },
    };

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].code == code)
            return faults[i].fault;
    return TLS_OTHER_FAULT;
}

/* Records the result of the verification and returns it unchanged. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_verdict *verdict = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int code = X509_STORE_CTX_get_error(store);

    if (!ok) {
        verdict->refused = true;
        verdict->reason = X509_verify_cert_error_string(code);
        verdict->fault = fault_of(code);
    }
    /* Also the leaf of a valid chain: libcurl may still refuse its name. */
    if (!ok || X509_STORE_CTX_get_error_depth(store) == 0)
        note_certificate(&verdict->certificate, X509_STORE_CTX_get_current_cert(store));
    return ok;
}

/* True for alerts that only a client certificate can cause. */
static bool is_about_certificate(int alert)
{
    return alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_UNSUPPORTED_CERTIFICATE
           || alert == SSL_AD_CERTIFICATE_REVOKED || alert == SSL_AD_CERTIFICATE_EXPIRED
           || alert == SSL_AD_CERTIFICATE_UNKNOWN || alert == SSL_AD_UNKNOWN_CA
           || alert == SSL_AD_CERTIFICATE_REQUIRED;
}

/* A resumed handshake neither verifies nor requests a certificate. With a client certificate, a
 * session is kept only if the server has requested that: see on_session(). */
static void on_done(const SSL *ssl, struct tls_verdict *verdict)
{
    verdict->done = true;
    verdict->version = SSL_get_version(ssl);
    if (!verdict->offered)
        return;
    tls_cache_note(verdict->cache, SSL_session_reused(ssl) == 1 ? "the session was resumed"
                                                                : "the session was forgotten");
    if (SSL_session_reused(ssl) != 1)
        return;
    note_certificate(&verdict->certificate, SSL_SESSION_get0_peer(SSL_get_session(ssl)));
    verdict->certificate_requested = SSL_get_certificate(ssl) != NULL;
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_verdict *verdict = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (verdict->cache != NULL
        && (verdict->certificate_requested || SSL_get_certificate(ssl) == NULL))
        tls_cache_keep(verdict->cache, ssl, session, time(NULL));
    return 0; /* OpenSSL keeps the ownership */
}

/* Distinguishes a refusal from a connection that was lost during the handshake. Also records alerts
 * on the client certificate, which with TLS 1.3 come after the handshake. */
static void on_info(const SSL *ssl, int where, int result)
{
    struct tls_verdict *verdict = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    unsigned long code;

    /* The only point at which the SSL is set up and nothing was sent yet. */
    if (where == SSL_CB_HANDSHAKE_START && verdict->cache != NULL)
        verdict->offered = tls_cache_offer(verdict->cache, (SSL *)ssl, time(NULL));
    if (where == SSL_CB_HANDSHAKE_DONE)
        on_done(ssl, verdict);
    if (where == SSL_CB_READ_ALERT && is_about_certificate(result & 0xff))
        verdict->alert = SSL_alert_desc_string_long(result);
    if (where != SSL_CB_CONNECT_EXIT || result > 0 || !SSL_in_init(ssl))
        return;
    code = ERR_peek_last_error();
    if (code != 0 && ERR_GET_LIB(code) == ERR_LIB_SSL
        && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
        verdict->refused = true;
}

/* Called when the server requests a certificate. libcurl has set which one is sent. */
static int on_certificate_request(SSL *ssl, void *verdict)
{
    (void)ssl;
    ((struct tls_verdict *)verdict)->certificate_requested = true;
    return 1;
}

bool tls_watch(void *ssl_context, struct tls_verdict *verdict, struct tls_cache *cache)
{
    SSL_CTX *context = ssl_context;

    *verdict = (struct tls_verdict) { .started = true, .cache = cache };
    if (SSL_CTX_set_app_data(context, verdict) != 1)
        return false;
    /* The mode stays as libcurl has set it: peers are always verified. */
    SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), on_verify);
    SSL_CTX_set_info_callback(context, on_info);
    SSL_CTX_set_cert_cb(context, on_certificate_request, verdict);
    /* 112 bits: no RSA under 2048, no SHA-1. Some systems default to less. */
    if (SSL_CTX_get_security_level(context) < 2)
        SSL_CTX_set_security_level(context, 2);
#if OPENSSL_VERSION_NUMBER < 0x30000000L
    /* Later versions do so by default: a peer without secure renegotiation is refused. */
    SSL_CTX_clear_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
#endif
    if (cache->dir == NULL)
        return true;
    SSL_CTX_sess_set_new_cb(context, on_session); /* replaces libcurl's in-memory cache */
    /* libcurl disables tickets for TLS 1.2; few servers store sessions instead. */
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    return true;
}

bool tls_needs_reconnect(const struct tls_verdict *verdict)
{
    /* A fault of a certificate means that the handshake was a full one. */
    if (!verdict->offered || verdict->done || verdict->fault != TLS_NO_FAULT)
        return false;
    tls_cache_give_up(verdict->cache);
    return verdict->refused;
}

void tls_describe(const struct tls_verdict *verdict, struct c2d_connection *connection)
{
    snprintf(connection->tls_version, sizeof connection->tls_version, "%s",
             verdict->version == NULL ? "" : verdict->version);
    snprintf(connection->issuer, sizeof connection->issuer, "%s", verdict->certificate.issuer);
    connection->certificate_ends_at_s = verdict->certificate.ends_at_s;
}

bool tls_out_of_memory(void)
{
    bool out_of_memory = false;
    unsigned long code;

    while ((code = ERR_get_error()) != 0)
        out_of_memory = out_of_memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return out_of_memory;
}

/* ---- Files ---- */

/* Never prompts, but records that the file is encrypted. */
static int no_pass_phrase(char *out, int size, int for_writing, void *is_encrypted)
{
    (void)out, (void)size, (void)for_writing;
    *(bool *)is_encrypted = true;
    return 0;
}

static enum c2d_status fail_open(const char *what, const char *file, struct c2d_error *error)
{
    return errno == ENOMEM ? fail_memory(error)
                           : fail(error, C2D_CONFIG, "%s '%s': %s", what, file, strerror(errno));
}

static enum c2d_status read_certificate(const char *what, const char *file, X509 **certificate,
                                        struct c2d_error *error)
{
    FILE *stream = fopen(file, "re");
    bool is_encrypted; /* not used: certificates are not encrypted */
    bool out_of_memory;

    *certificate = NULL;
    if (stream == NULL)
        return fail_open(what, file, error);
    *certificate = PEM_read_X509(stream, NULL, no_pass_phrase, &is_encrypted);
    if (*certificate == NULL) {
        /* "TRUSTED CERTIFICATE", OpenSSL's own format. */
        rewind(stream);
        *certificate = PEM_read_X509_AUX(stream, NULL, no_pass_phrase, &is_encrypted);
    }
    /* An empty error queue means that there was no memory for the error. */
    out_of_memory = ERR_peek_error() == 0 || tls_out_of_memory();
    fclose(stream);
    if (*certificate != NULL)
        return C2D_OK;
    if (out_of_memory)
        return fail_memory(error);
    return fail(error, C2D_CONFIG, "%s '%s' holds no certificate (PEM)", what, file);
}

enum c2d_status tls_check_ca_file(const char *what, const char *file, struct c2d_error *error)
{
    X509 *certificate = NULL;
    enum c2d_status status = read_certificate(what, file, &certificate, error);

    X509_free(certificate);
    return status;
}

static enum c2d_status read_key(const char *file, EVP_PKEY **key, struct c2d_error *error)
{
    FILE *stream = fopen(file, "re");
    bool is_encrypted = false;
    bool out_of_memory;

    if (stream == NULL)
        return fail_open("key", file, error);
    *key = PEM_read_PrivateKey(stream, NULL, no_pass_phrase, &is_encrypted);
    out_of_memory = ERR_peek_error() == 0 || tls_out_of_memory();
    fclose(stream);
    if (*key != NULL)
        return C2D_OK;
    if (out_of_memory)
        return fail_memory(error);
    if (!is_encrypted)
        return fail(error, C2D_CONFIG, "key '%s' holds no private key (PEM)", file);
    hint(error, "decrypt it: openssl pkey -in KEY -out NEWKEY");
    return fail(error, C2D_CONFIG, "key '%s' is encrypted, which is not supported", file);
}

/* Refuses an expired certificate: the hub would not say why it refuses it. One that is not yet
 * valid is allowed: more often the clock of this machine is wrong after a start. */
static enum c2d_status check_end(const char *file, const X509 *certificate, struct c2d_error *error)
{
    const ASN1_TIME *end = X509_get0_notAfter(certificate);
    struct tm tm;

    if (X509_cmp_current_time(end) >= 0 || ASN1_TIME_to_tm(end, &tm) != 1)
        return C2D_OK;
    hint(error, "renew it and register the new one, or check this machine's clock");
    return fail(error, C2D_CONFIG,
                "certificate '%s' has expired: it was valid until %04d-%02d-%02d", file,
                tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

enum c2d_status tls_check_client(const char *cert_file, const char *key_file,
                                 struct tls_certificate *facts, struct c2d_error *error)
{
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    enum c2d_status status = read_certificate("certificate", cert_file, &certificate, error);

    if (status == C2D_OK)
        status = read_key(key_file, &key, error);
    if (status == C2D_OK && X509_check_private_key(certificate, key) != 1) {
        hint(error, "for a pair these print the same: openssl pkey -pubout -in KEY; openssl x509 "
                    "-pubkey -noout -in CERTIFICATE");
        status = fail(error, C2D_CONFIG, "key '%s' does not belong to certificate '%s'", key_file,
                      cert_file);
    }
    if (status == C2D_OK)
        status = check_end(cert_file, certificate, error);
    ERR_clear_error();
    note_certificate(facts, certificate);
    EVP_PKEY_free(key);
    X509_free(certificate);
    return status;
}
