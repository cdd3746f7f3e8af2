/* The options of a transport, for all its requests. */
#ifndef HTTP_CURL_OPTIONS_H
#define HTTP_CURL_OPTIONS_H

#include "proxy.h"

struct http_curl_options {
    const char *ca_file, *ca_dir; /* both NULL: the system's trust store */
    bool ca_from_environment;     /* these came from SSL_CERT_FILE and SSL_CERT_DIR */
    const char *cert_file, *key_file;
    const struct proxy *proxy;
    const char *connect_to;
    const char *tls_cache; /* a folder for TLS sessions; NULL: they are not cached */
    const char *host;      /* HOST[:PORT] of the hub */
    /* Called with trace lines on names, connections and TLS, without secrets; may be NULL. */
    void (*note)(void *context, const char *text, size_t size);
    void *note_context;
};

#endif
