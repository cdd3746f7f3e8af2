/* The transport that really sends: libcurl's multi interface, HTTP/1.1 over verified TLS 1.2 or
 * later, one request on the wire for each one started. */
#ifndef HTTP_CURL_H
#define HTTP_CURL_H

#include "http.h"
#include "http_curl_options.h"

/* Connects nothing yet, and reads the trust store. What options point to must outlive transport. */
enum c2d_status http_curl_new(struct http_transport *transport,
                              const struct http_curl_options *options, struct c2d_error *error);

#endif
