#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include "crypto.h"

#include <stdint.h>

enum { MESSAGE_MAX = 64 << 10, MESSAGE_MAX_DELIVERIES = 10, LOCK_MS = 60 * 1000 };

enum message_ack { ACK_NONE, ACK_POSITIVE, ACK_NEGATIVE, ACK_FULL, ACK_COUNT };

/* The system properties that are plain text. */
enum message_field {
    FIELD_MESSAGE_ID,
    FIELD_CORRELATION_ID,
    FIELD_USER_ID,
    FIELD_CONTENT_TYPE,
    FIELD_CONTENT_ENCODING,
    FIELD_COUNT,
};

struct message_property {
    char *name;
    char *value;
};

struct message {
    struct message *next;
    uint64_t sequence_number;
    char *fields[FIELD_COUNT]; /* NULL: not given */
    enum message_ack ack;
    struct message_property *properties; /* as sent: order, case and duplicates */
    size_t property_count;
    char *body;
    size_t body_size;
    char *raw_headers; /* lines put verbatim into the answer of a receive; NULL: none */
    size_t raw_headers_size;
    int64_t enqueued_ms;
    int64_t expires_ms;
    unsigned delivery_count;
    int64_t locked_until_ms; /* 0: not locked */
    char lock_token[GUID_SIZE];
};

/* NULL when out of memory. */
struct message *message_new(void);
void message_free(struct message *message);
/* These copy. False when out of memory. */
bool message_set_field(struct message *message, enum message_field field, const char *text);
bool message_set_body(struct message *message, const void *body, size_t size);
bool message_add_property(struct message *message, const char *name, const char *value);
/* A copy of what a sender gave: no sequence number, no lock. NULL when out of memory. */
struct message *message_copy(const struct message *message);
/* What counts against the 64 KiB. */
size_t message_size(const struct message *message);

const char *message_ack_name(enum message_ack ack);
bool message_ack_parse(const char *text, enum message_ack *ack);
/* The name of a field in the hub's headers behind "iothub-", and in the JSON of /_sim. */
const char *message_field_header(enum message_field field);
const char *message_field_json(enum message_field field);

#endif
