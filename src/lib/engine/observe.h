/* Passes events to the caller's observer, with all secrets masked. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include "http/http.h"

struct observe {
    c2d_observer *observer; /* NULL: events are discarded */
    void *context;
    bool trace;
};

/* An attempt has ended, with a response or a failure. */
void observe_attempt(const struct observe *observe, const struct http_request *request,
                     const struct c2d_error *error, int64_t elapsed_ms);
void observe_warning(const struct observe *observe, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* False: out of memory. */
bool observe_dry_run(const struct observe *observe, const struct http_request *request);
/* Trace, if trace is set. returns_keys: the response holds a device's keys, which are masked. */
void observe_request(const struct observe *observe, const struct http_request *request);
void observe_response(const struct observe *observe, const struct http_request *request,
                      const struct http_response *response, bool returns_keys);
void observe_note(void *observe, const char *text, size_t size);

#endif
