/* The transport over libcurl's multi interface: HTTP/1.1 over verified TLS 1.2 or later. Each
 * exchange sends its request once at most. */
#ifndef HTTP_CURL_H
#define HTTP_CURL_H

#include "http.h"
#include "http_curl_options.h"

/* Reads the trust store; does not connect. What options point to must outlive transport. */
enum c2d_status http_curl_new(struct http_transport *transport,
                              const struct http_curl_options *options, struct c2d_error *error);

/* Writes the version of libcurl and of its TLS back end: "libcurl 7.88.1 (OpenSSL/3.0.19)". */
void http_curl_version(char text[64]);

#endif
