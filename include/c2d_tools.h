/* What most programs do not need of libc2d: events, diagnosis, tokens, JSON. Include c2d.h, which
 * includes this file; its general rules apply. */
#ifndef C2D_TOOLS_H
#define C2D_TOOLS_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Watching ---- */
enum c2d_event_kind {
    C2D_EVENT_ATTEMPT, /* an attempt ended: method, path, attempt, http_status, elapsed_ms, text */
    C2D_EVENT_WARNING, /* text: one line for people */
    C2D_EVENT_TRACE,   /* text: lines of a trace, secrets masked; with options.trace only */
    C2D_EVENT_DRY_RUN, /* method, url, headers, body of a request not sent, secrets masked */
};

struct c2d_event {
    enum c2d_event_kind kind;
    const char *method, *url;
    const char *path; /* the url without scheme and host */
    unsigned attempt; /* from 1 */
    int http_status;  /* 0: no response, for the reason in text */
    int64_t elapsed_ms;
    const char *text;
    size_t text_size;
    const char *const *headers; /* "Name: value", header_count of them */
    size_t header_count;
    const void *body;
    size_t body_size;
};

/* ---- Diagnosis ---- */
/* The peer of a connection, as far as it was established. */
struct c2d_connection {
    char address[64];     /* IP of the hub or proxy: connected, else tried last; "": none */
    int port;             /* that was connected; 0: none */
    char tls_version[16]; /* with the hub, "TLSv1.3"; "": no handshake with it */
    char issuer[256];     /* of the peer's certificate */
    int64_t certificate_ends_at_s; /* end of its validity; 0: not known */
    uint64_t spare[2];
};

/* Facts of a client and its connection; texts are valid until client is freed. */
struct c2d_probe {
    size_t key_size;              /* of the SharedAccessKey, bytes; 0: none */
    const char *certificate;      /* subject of the client certificate; NULL: none */
    int64_t credentials_end_at_s; /* of certificate or ready token; 0: never */
    const char *proxy;            /* scheme://host:port; NULL: none */
    struct c2d_connection connection;
    int64_t hub_time_s; /* by a response, if it can be trusted; 0: not known */
    int64_t own_time_s; /* this machine's clock at that time */
    uint64_t spare[4];
};
/* Completes a lock that cannot exist, to find out how far a request gets. Fills in *probe up to the
 * step that fails, error->step. C2D_OK: these credentials may receive (back end: read feedback); if
 * hub_time_s differs, by the hub's time. Only a 401 is retried, once. */
C2D_API enum c2d_status c2d_probe(struct c2d_client *client, struct c2d_probe *probe,
                                  struct c2d_error *error);

/* ---- Shared access signatures ---- */
/* Signs a token for ttl_s seconds from now, 1 s to 100 years; by the hub's clock, if a 401 has
 * shown that ours is wrong. It is for the hub, or only for device_id; that of a device is for the
 * device itself (device_id NULL). Does not connect. The token is a secret: wipe it. */
C2D_API enum c2d_status c2d_sas_token(struct c2d_client *client, const char *device_id,
                                      int64_t ttl_s, char **token, struct c2d_error *error);

struct c2d_sas {
    char resource[512]; /* host or host/devices/ID, decoded */
    char policy[256];   /* "" for a device's own key */
    int64_t expires_at_s;
    uint64_t spare[2];
};
/* Reads the fields of a token, without verifying its signature. C2D_DATA if it is not a token. */
C2D_API enum c2d_status c2d_sas_decode(const char *token, struct c2d_sas *sas,
                                       struct c2d_error *error);

/* ---- JSON: the members are described in c2d-messages(7) and, of outgoing, c2d-http(1) ---- */
/* Returns a JSON object on one line, without newline; NULL if out of memory. */
C2D_API char *c2d_message_to_json(const struct c2d_message *message, bool with_body);
/* Reads a line that c2d_message_to_json() wrote with a body; C2D_DATA: another. All bytes are kept
 * but of names that are not UTF-8, and of such values that a duplicate has overridden. */
C2D_API enum c2d_status c2d_message_from_json(struct c2d_message **message, const char *json,
                                              size_t size, struct c2d_error *error);
/* Returns record index of a batch likewise; NULL also if index is out of range. */
C2D_API char *c2d_feedback_to_json(const struct c2d_feedback *feedback, size_t index);

/* A message to be sent, for batches and scripts. */
struct c2d_outgoing {
    const char *device_id; /* NULL: none in the JSON */
    struct c2d_message message;
};
/* C2D_DATA names the fault: an unknown or repeated member, a wrong type, \u0000, invalid UTF-8,
 * text after the object. The send checks the values. */
C2D_API enum c2d_status c2d_outgoing_from_json(struct c2d_outgoing **outgoing, const char *json,
                                               size_t size, struct c2d_error *error);
C2D_API void c2d_outgoing_free(struct c2d_outgoing *outgoing);

/* ---- Text ---- */
/* C2D_DATA, with the character named, if the id or token is not valid. */
C2D_API enum c2d_status c2d_check_device_id(const char *device_id, struct c2d_error *error);
C2D_API enum c2d_status c2d_check_lock_token(const char *lock_token, struct c2d_error *error);
/* "none", "positive", "negative" or "full" (NULL: C2D_ACK_UNSET), and back (else C2D_ACK_UNSET). */
C2D_API const char *c2d_ack_name(enum c2d_ack ack);
C2D_API enum c2d_ack c2d_ack_from_name(const char *name);
/* Writes a random UUID, for a message id. C2D_OS if the system provides no randomness. */
C2D_API enum c2d_status c2d_uuid(char text[37]);
/* Reads a time as hubs write it, UTC without a zone. False, *ms unchanged: anything else, NULL. */
C2D_API bool c2d_time_parse(const char *text, int64_t *ms);

#ifdef __cplusplus
}
#endif

#endif
