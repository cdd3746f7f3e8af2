/* What holds for all requests of a transport. */
#ifndef HTTP_CURL_OPTIONS_H
#define HTTP_CURL_OPTIONS_H

#include "proxy.h"

struct http_curl_options {
    const char *ca_file, *ca_dir; /* both NULL: the system's */
    bool ca_from_environment;     /* they are those of SSL_CERT_FILE and SSL_CERT_DIR */
    const char *cert_file, *key_file;
    const struct proxy *proxy;
    const char *connect_to;
    const char *tls_cache; /* a folder for sessions of TLS; NULL: none are kept */
    const char *host;      /* HOST[:PORT], whose they are */
    int connections;       /* kept alive for later requests */
    /* Lines on names, connections and TLS, without secrets; NULL: not wanted. */
    void (*note)(void *context, const char *text, size_t size);
    void *note_context;
};

#endif
