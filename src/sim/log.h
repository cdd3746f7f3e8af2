#ifndef SIM_LOG_H
#define SIM_LOG_H

#include "route.h"

enum { LOG_MAX = 1000 };

struct log_entry {
    enum operation operation;
    char device_id[129];
    int http_status; /* 0: none was sent */
    bool effect;
    bool fault;
    uint64_t connection;
    size_t body_size;
    struct http_request request; /* without its body */
};

/* The last requests. Zeroed storage is an empty log. */
struct log {
    struct log_entry *entries; /* a ring of LOG_MAX; NULL before the first */
    uint64_t count;            /* all time */
};

/* Takes over the head of entry's request (the body stays). Out of memory: it is not logged. */
void log_add(struct log *log, const struct log_entry *entry, struct http_request *request);
/* Appends a JSON array, oldest first. The signatures of tokens are masked. */
void log_format(const struct log *log, struct buf *out);
void log_clear(struct log *log);

#endif
