/* Reads the trust store once: libcurl would read a bundle again for each connection, within a wait.
 */
#include "tls_trust.h"

#include "base/buf.h"
#include "base/error.h"

#include <dirent.h>
#include <openssl/ssl.h>
#include <string.h>

/* "5ed36f99.0": the names that openssl rehash creates. */
static bool is_hash_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] >= '0'
           && name[9] <= '9';
}

static bool is_hashed_dir(const char *dir)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    bool found = false;

    if (folder == NULL)
        return false;
    while (!found && (entry = readdir(folder)) != NULL)
        found = is_hash_name(entry->d_name);
    closedir(folder);
    return found;
}

struct tls_trust tls_trust_choose(const char *file, const char *dir, const char *system_file,
                                  const char *system_dir)
{
    if (file != NULL || dir != NULL)
        return (struct tls_trust) { .file = file, .dir = dir };
    if (system_file == NULL)
        system_file = X509_get_default_cert_file();
    if (system_dir == NULL)
        system_dir = X509_get_default_cert_dir();
    /* From a hashed folder only the issuer is read; a bundle is parsed as a whole. */
    if (is_hashed_dir(system_dir))
        return (struct tls_trust) { .dir = system_dir, .fallback = system_file, .is_system = true };
    return (struct tls_trust) { .file = system_file, .is_system = true };
}

/* For a system whose trust store has no hashed folder. */
static enum c2d_status check_system_file(const struct tls_trust *trust, struct c2d_error *error)
{
    enum c2d_status status = tls_check_ca_file("the system's trust store", trust->file, error);

    if (status == C2D_CONFIG)
        hint(error, "install the package ca-certificates, or pass a CA file with the root of the "
                    "hub's certificate");
    return status;
}

static enum c2d_status fail_file(const char *file, struct c2d_error *error)
{
    return tls_out_of_memory()
               ? fail_memory(error)
               : fail(error, C2D_CONFIG, "'%s' holds more than certificates (PEM)", file);
}

enum c2d_status tls_trust_read(struct tls_trust *trust, struct c2d_error *error)
{
    X509_STORE *store = NULL;
    enum c2d_status status = C2D_OK;

    if (trust->store != NULL)
        return C2D_OK;
    if (trust->is_system && trust->dir == NULL)
        status = check_system_file(trust, error);
    if (status == C2D_OK && (store = X509_STORE_new()) == NULL)
        status = fail_memory(error);
    /* The flags that libcurl sets: a trusted intermediate certificate is sufficient. */
    if (status == C2D_OK
        && X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) != 1)
        status = fail_memory(error);
    if (status == C2D_OK && trust->file != NULL
        && X509_STORE_load_locations(store, trust->file, NULL) != 1)
        status = fail_file(trust->file, error);
    if (status == C2D_OK && trust->dir != NULL
        && X509_STORE_load_locations(store, NULL, trust->dir) != 1)
        status = fail_memory(error);
    if (status == C2D_OK)
        trust->store = store;
    else
        X509_STORE_free(store);
    return status;
}

void tls_trust_use(const struct tls_trust *trust, void *ssl_context)
{
    SSL_CTX_set1_cert_store(ssl_context, trust->store); /* adds a reference */
}

bool tls_trust_widen(struct tls_trust *trust, unsigned version, const struct tls_verdict *verdict)
{
    if (verdict->fault != TLS_NO_ISSUER && verdict->fault != TLS_SELF_SIGNED)
        return false;
    if (version != trust->version)
        return true; /* another transfer has loaded the fallback meanwhile */
    if (trust->fallback == NULL)
        return false;
    /* If it cannot be read, the next handshake fails as this one did. */
    if (X509_STORE_load_locations(trust->store, trust->fallback, NULL) != 1)
        (void)tls_out_of_memory();
    trust->fallback = NULL;
    trust->version++;
    return true;
}

void tls_trust_clear(struct tls_trust *trust)
{
    X509_STORE_free(trust->store);
    *trust = (struct tls_trust) { 0 };
}

enum c2d_status tls_check_ca_dir(const char *what, const char *list, struct c2d_error *error)
{
    bool found = false;

    /* As OpenSSL, accepts several, separated by ':'. One that is hashed is enough. */
    for (const char *at = list; !found && *at != '\0';) {
        size_t size = strcspn(at, ":");
        struct buf dir = { 0 };

        if (!buf_append(&dir, at, size))
            return fail_memory(error);
        found = is_hashed_dir(dir.data);
        buf_clear(&dir);
        at += size + (at[size] == ':' ? 1 : 0);
    }
    if (found)
        return C2D_OK;
    hint(error, "make one with: openssl rehash DIR");
    return fail(error, C2D_CONFIG, "%s '%s' cannot be read or is not hashed", what, list);
}
