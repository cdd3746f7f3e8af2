/* libc2d: cloud-to-device messages of an Azure IoT Hub over HTTPS alone.
 *
 * A device receives its messages and completes, abandons or rejects them; the back end sends
 * messages, reads the delivery feedback, purges a queue and looks a device up.
 *
 * Threads: a client is used by one thread at a time; different clients are independent. The library
 * keeps no global state of its own, prints nothing, never exits and reads no environment variable,
 * so a proxy that is named there is the program's to pass on (libcurl reads SSLKEYLOGFILE where it
 * was built so).
 *
 * Text is NUL-terminated UTF-8 unless said otherwise, arguments are borrowed for the call only, and
 * every `char *` result is the caller's, to be freed with free().
 *
 * Wire facts name their source: [hub docs] are Microsoft's IoT Hub documents and swagger, [SDKs]
 * are agreed on by Microsoft's own SDKs, [assumed] no live hub has confirmed yet.
 */
#ifndef C2D_H
#define C2D_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define C2D_VERSION "0.1.0"
#define C2D_VERSION_NUMBER 0x000100 /* one byte each; for #if */
/* When that version was released, in seconds since 1970 UTC: a clock that is earlier is wrong. */
#define C2D_RELEASE_S INT64_C(1795824000) /* 2026-11-28 */
/* Part of the shared library's name; rises when a public struct or function changes its shape. */
#define C2D_ABI 1

#if defined(__GNUC__)
#define C2D_API __attribute__((visibility("default")))
#else
#define C2D_API
#endif

/* ---- Outcomes ---------------------------------------------------------------------------------
 * One vocabulary for the library, the error lines and the exit codes of the programs: the number is
 * the exit code. The programs have more of their own, whose numbers are not used here. */
enum c2d_status {
    C2D_DRY_RUN = -1,         /* options.dry_run: the request was shown, not sent */
    C2D_OK = 0,               /* done as asked */
    C2D_NO_MESSAGE = 10,      /* nothing waits */
    C2D_QUEUE_FULL = 12,      /* the device already holds 50 messages */
    C2D_LOCK_LOST = 13,       /* the lock lapsed or was settled before */
    C2D_NOT_FOUND = 14,       /* the hub knows no such device */
    C2D_THROTTLED = 15,       /* too many requests; see error->retry_after_s */
    C2D_QUOTA = 16,           /* the day's messages are used up; the quota resets at 00:00 UTC */
    C2D_TOO_LARGE = 17,       /* over 65 536 bytes */
    C2D_TIMEOUT = 18,         /* options.timeout_ms passed and the hub never answered */
    C2D_NETWORK = 20,         /* no whole answer: name, connection, proxy, reset, stall */
    C2D_TLS = 21,             /* handshake, verification, name or certificate */
    C2D_SERVER = 23,          /* 5xx after all tries */
    C2D_PROTOCOL = 24,        /* not what a hub answers, or over a limit */
    C2D_UNKNOWN_OUTCOME = 25, /* a send was written, and no response proves its fate: in doubt */
    C2D_USAGE = 64,           /* an option that cannot be */
    C2D_DATA = 65,            /* a message, id or token that the wire cannot carry */
    C2D_OS = 71,              /* memory or another resource is gone */
    C2D_AUTH = 77,            /* refused: key, policy, expiry, or a filter on the way */
    C2D_CONFIG = 78,          /* connection string, certificate or option */
    C2D_CANCELLED = 130,      /* options.cancel_fd became readable */
};

/* The name as it stands on stderr, such as "QUEUE_FULL"; "INTERNAL" for a number that is none. */
C2D_API const char *c2d_status_name(enum c2d_status status);

/* Where a call got stuck: the steps of a client's way to the hub, in their order. */
enum c2d_step {
    C2D_STEP_NONE,              /* not on it: an argument, a file, memory, what an answer held */
    C2D_STEP_CONNECTION_STRING, /* as a whole */
    C2D_STEP_KEY,               /* key or token in it, or certificate */
    C2D_STEP_NAME,              /* the address of what is dialled: hub, connect_to or proxy */
    C2D_STEP_CONNECTION,        /* TCP; through a proxy, until that has opened the way */
    C2D_STEP_TLS,               /* with the hub */
    C2D_STEP_ANSWER,            /* there was none; or with an http_status, it was a refusal */
};

/* What happened in one call, for programs and for people. Fixed size, caller's storage, nothing to
 * free. Written by every call that is given one, also on success. */
struct c2d_error {
    enum c2d_status status;
    enum c2d_step step;          /* where it failed; C2D_STEP_NONE on success */
    int http_status;             /* of the last answer; 0: none */
    int hub_code;                /* the hub's number, for example 403004; 0: none */
    char hub_code_name[64];      /* the hub's word for it; "" if none */
    char request_id[64];         /* what the hub's support asks for; "" if none */
    int retry_after_s;           /* the hub's wish; 0: it did not say */
    unsigned attempts;           /* requests sent or tried */
    bool retryable;              /* the same call may succeed later */
    int64_t hub_time_s;          /* c2d_send(): Date of its success; 0: none that is usable */
    bool earlier_try_unanswered; /* an attempt is in doubt: the hub may have acted on it */
    bool gave_up;                /* the hub has done nothing but fail for options.patience_ms */
    /* c2d_receive(): the number of a message that the hub has locked and that cannot be read; it
     * stays in the queue, and the next call receives the one after it. "": no such message. */
    char unreadable_sequence_number[24];
    /* c2d_send(): the id that the library made, as the message had none; "": it has one. */
    char message_id[40];
    char text[512]; /* one printable line without newline or secret; "" on success */
    char hint[256]; /* what to do about it; "" if there is nothing to say */
    uint64_t spare[4];
};

/* Whom a connection has reached, as far as it came. */
struct c2d_connection {
    char address[64];              /* IP of the hub or the proxy: reached, else tried last; "" */
    int port;                      /* that was reached; 0: none */
    char tls_version[16];          /* of the hub's TLS, "TLSv1.3"; "": no handshake with it */
    char issuer[256];              /* of the certificate that was shown */
    int64_t certificate_ends_at_s; /* its last moment, since 1970 UTC; 0: not known */
    uint64_t spare[2];
};

/* ---- Watching ---- */
enum c2d_event_kind {
    C2D_EVENT_ATTEMPT, /* one try ended: method, path, attempt, http_status, elapsed_ms, text */
    C2D_EVENT_WARNING, /* text: one line for people */
    C2D_EVENT_TRACE,   /* text: lines to append to a trace, secrets masked; options.trace only */
    C2D_EVENT_DRY_RUN, /* method, url, headers, body: what would have been sent, secrets masked */
};

struct c2d_event {
    enum c2d_event_kind kind;
    const char *method;
    const char *url;
    const char *path; /* the url without scheme and host */
    unsigned attempt; /* from 1 */
    int http_status;  /* 0: no answer; text says why */
    int64_t elapsed_ms;
    const char *text;
    size_t text_size;
    const char *const *headers; /* "Name: value", header_count of them */
    size_t header_count;
    const void *body;
    size_t body_size;
};

/* Everything in event is borrowed for the call. Must not call into the client. */
typedef void c2d_observer(void *context, const struct c2d_event *event);

/* ---- Client ---- */
struct c2d_client;

enum c2d_role { C2D_ROLE_ANY, C2D_ROLE_SERVICE, C2D_ROLE_DEVICE };

/* Start from c2d_options_default() and change what differs. */
struct c2d_options {
    size_t size;             /* of this struct, as the program was compiled */
    enum c2d_role role;      /* refuse the other kind of connection string (C2D_CONFIG) */
    const char *api_version; /* NULL: what each operation is known to work with [SDKs] */
    int connect_timeout_ms;  /* name, TCP, proxy and TLS; 1 or more; default 10 000 */
    int timeout_ms;          /* one operation with all its tries; 1 or more; default 60 000 */
    int retries;             /* tries after the first; 0 or more; default 3 */
    bool retry_budget;       /* over many operations: when most fail, fewer are tried again */
    /* How long to wait for a hub that fails, in ms; 0: not at all; default. A hub fails where an
     * attempt may succeed later: 408, 429, 5xx, hub codes 400024 and 404012, no connection, no
     * response. Then all operations pause but settlements, whose locks expire. One attempt at a
     * time, after the usual back-off, finds out whether the hub works again; any response that is
     * no such failure ends the pause. These failures take nothing of timeout_ms and count as no
     * retry, with two exceptions: an attempt that was written and got no response counts, and if
     * retries is 0, so does a response that leaves the outcome in doubt. After patience_ms of
     * nothing but failures all operations that wait end with the last one, and error->gave_up is
     * set; an operation that fails for so long while others succeed ends, too. */
    int patience_ms;
    int parallel;             /* requests under way at once, 1 to 64; default 1 */
    struct c2d_client *share; /* use its connections and all these options of its; NULL: own ones */
    const char *ca_file;      /* PEM, instead of the system's trust store */
    const char *ca_dir;       /* hashed directory (openssl rehash), likewise */
    /* ca_file and ca_dir are those of SSL_CERT_FILE and SSL_CERT_DIR: errors name the variables. */
    bool ca_from_environment;
    const char *cert_file; /* client certificate and unencrypted key, PEM: for x509=true */
    const char *key_file;
    /* [http://|https://|socks5h://][USER:PASSWORD@]HOST[:PORT], as in a URL; NULL or "": none */
    const char *proxy;
    const char *proxy_user, *proxy_password; /* not encoded; instead of those in proxy */
    const char *no_proxy; /* "host,.domain,...": reached without it; "*": all; NULL: none */
    const char
        *connect_to; /* "HOST:PORT": where TCP goes instead; TLS and tokens stay as they are */
    /* A folder for sessions of TLS, to be resumed by the next client instead of a full handshake:
     * the only secrets that this library ever writes to a disk. Made if missing. It is used if it
     * is ours, nobody else's to enter and no link (else there is a warning, and no failure), and a
     * session for one day, with the same host, proxy, connect_to, trust store and certificate
     * alone; never with an https proxy. NULL: none. */
    const char *tls_cache;
    int cancel_fd;          /* readable: stop, see c2d_receive() and c2d_settle(); -1: none */
    bool dry_run;           /* every operation ends with C2D_DRY_RUN and an event; no socket */
    bool trace;             /* C2D_EVENT_TRACE wanted */
    c2d_observer *observer; /* NULL: nobody watches */
    void *observer_context;
};

/* 10 s to connect, 60 s and 3 retries for an operation, the system's trust store, no proxy. */
static inline struct c2d_options c2d_options_default(void)
{
    struct c2d_options options;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.connect_timeout_ms = 10000;
    options.timeout_ms = 60000;
    options.retries = 3;
    options.parallel = 1;
    options.cancel_fd = -1;
    return options;
}

/* Reads connection_string ("HostName=...;DeviceId=...;SharedAccessKey=...", or
 * SharedAccessKeyName=... for the back end; SharedAccessSignature=... or x509=true instead of a
 * key) and connects nothing yet. At most 4096 bytes; one trailing newline is ignored; NULL, as from
 * getenv(), is C2D_CONFIG. options NULL: defaults. Copies what it is given. C2D_CONFIG says what is
 * wrong with the string, a certificate or the proxy, C2D_USAGE which option cannot be. *client is
 * NULL on any failure. */
C2D_API enum c2d_status c2d_client_new(struct c2d_client **client, const char *connection_string,
                                       const struct c2d_options *options, struct c2d_error *error);
/* Closes the connections, unless others share them, and wipes key and token. What was submitted and
 * not handed out is given up; others that share must not wait for it. NULL is fine. */
C2D_API void c2d_client_free(struct c2d_client *client);
/* The HostName of the connection string. Lives as long as client. */
C2D_API const char *c2d_client_host(const struct c2d_client *client);
/* The device of a device's connection string, NULL for the back end. Lives as long as client. */
C2D_API const char *c2d_client_device_id(const struct c2d_client *client);
/* The SharedAccessKeyName of the back end's, NULL if there is none. Lives as long as client. */
C2D_API const char *c2d_client_policy(const struct c2d_client *client);

/* ---- Messages ---- */
enum {
    C2D_MESSAGE_SIZE_MAX = 65536, /* bytes of body, properties and system properties [hub docs] */
    C2D_LOCK_S = 60,              /* how long a received message is locked [hub docs] */
};

enum c2d_ack { C2D_ACK_UNSET, C2D_ACK_NONE, C2D_ACK_POSITIVE, C2D_ACK_NEGATIVE, C2D_ACK_FULL };

/* "none", "positive", "negative", "full", or NULL for C2D_ACK_UNSET; and back: C2D_ACK_UNSET for
 * any other word. */
C2D_API const char *c2d_ack_name(enum c2d_ack ack);
C2D_API enum c2d_ack c2d_ack_from_name(const char *name);

struct c2d_property {
    const char *name, *value;
};

/* The same struct is sent and received; what is not set is NULL or 0. */
struct c2d_message {
    const void *body; /* any bytes */
    size_t body_size;
    const char *message_id, *correlation_id, *user_id, *content_type, *content_encoding;
    enum c2d_ack ack; /* which outcomes the sender wants feedback on */
    /* send: since 1970 UTC, at most 2 days ahead; 0: the hub's default, 1 h, or ttl_s. Once it has
     * passed by the hub's clock no attempt is made, as with a ttl that is over. */
    int64_t expires_at_s;
    /* send, instead of expires_at_s: the time to live in seconds, at most 2 days; 0: none. The
     * library computes the expiry by the hub's clock, if a 401 has shown that ours is off.
     * c2d_send() counts from its first attempt, c2d_submit() from each attempt until one is in
     * doubt. If it is over before another attempt, that attempt is not made: C2D_DATA, or
     * C2D_UNKNOWN_OUTCOME if an attempt is in doubt. C2D_EVENT_WARNING says once if the Date of a
     * response shows that the expiry is off by more than a tenth of ttl_s. */
    int64_t ttl_s;
    const struct c2d_property *properties;
    size_t property_count;

    /* Received messages only. Values are as the hub wrote them and may hold any byte but NUL. */
    const char *device_id, *lock_token, *to;
    const char *sequence_number; /* decimal, 64 bits */
    const char *enqueued_time;   /* ISO 8601; older hubs wrote "12/22/2017 12:14:12 AM" [SDKs] */
    int64_t enqueued_at_ms;      /* the same since 1970 UTC; 0: absent, or not understood */
    const char *expiry_time;
    int delivery_count;      /* abandons so far; -1: the hub did not say */
    int64_t received_at_s;   /* our clock, when the request left */
    int64_t lock_deadline_s; /* received_at_s + 60: the lock of a C2D message [hub docs] */
    /* When the lock expires at the earliest, in ms of CLOCK_BOOTTIME, which no setting of the time
     * moves and which counts the time of a suspended machine; 0: not known (read from JSON). */
    int64_t lock_expires_ms;
    const void *spare[4];
};

/* Queues message for device_id. Needs a policy with ServiceConnect. A try that was written and not
 * answered is sent again under the same message_id; if a later one succeeds,
 * error->earlier_try_unanswered says that it may be there twice; if none is answered the result is
 * C2D_UNKNOWN_OUTCOME. A 408, 500, 502 or 504 without the hub's code is no answer in this sense,
 * nor for c2d_settle(): a gateway may have passed the request on. A success without content in the
 * place of the hub's 204, as some proxies make it, is C2D_UNKNOWN_OUTCOME too; c2d_receive() takes
 * it for an empty queue and c2d_settle() for done, with one warning. C2D_DATA names a character
 * that the wire cannot carry: property names are HTTP tokens, unique without case; values, ids and
 * content types are 0x20-0x7e without outer spaces. Body, properties and system properties
 * together: 65 536 bytes at most [hub docs]. */
C2D_API enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                                 const struct c2d_message *message, struct c2d_error *error);

/* Takes the oldest message and locks it for 60 s; C2D_NO_MESSAGE if none waits, with
 * error->earlier_try_unanswered if the answer to an earlier try was lost and may have locked one.
 * *message is NULL on any failure; free it with c2d_message_free(). When cancel_fd becomes readable
 * the request is given up at once. */
C2D_API enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                                    struct c2d_error *error);
/* C2D_DATA, with the character named, for an id or token that no request can carry; for whoever
 * wants to know before the first request. */
C2D_API enum c2d_status c2d_check_device_id(const char *device_id, struct c2d_error *error);
C2D_API enum c2d_status c2d_check_lock_token(const char *lock_token, struct c2d_error *error);
/* For messages made by c2d_receive() or c2d_message_from_json(). NULL is fine. */
C2D_API void c2d_message_free(struct c2d_message *message);

/* C2D_COMPLETE and C2D_REJECT remove the message, C2D_ABANDON puts it back and raises its delivery
 * count: at 10 the hub removes it [hub docs]. To leave a message, do nothing: its lock lapses. */
enum c2d_outcome { C2D_COMPLETE, C2D_REJECT, C2D_ABANDON };

/* Ends a lock. C2D_LOCK_LOST when it expired or was ended before. On any failure with
 * error->earlier_try_unanswered the outcome is in doubt: an attempt of this call that got no
 * response may have settled the message. After C2D_LOCK_LOST it probably did if the message's
 * lock_expires_ms had not come when the call returned. When cancel_fd is readable a settlement
 * still gets 5 s. */
C2D_API enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                                   enum c2d_outcome outcome, struct c2d_error *error);

/* A one-line JSON object without newline; NULL when out of memory. The body stands as "utf8" text,
 * or as base64 where it is no UTF-8 or holds NUL; without body, only its size does. */
C2D_API char *c2d_message_to_json(const struct c2d_message *message, bool with_body);
/* Reads back what c2d_message_to_json() wrote with a body: the same bytes, but for names, and
 * values that others override, which are no UTF-8. C2D_DATA when json is no such object.
 * *message is NULL on any failure; free it with c2d_message_free(). */
C2D_API enum c2d_status c2d_message_from_json(struct c2d_message **message, const char *json,
                                              size_t size, struct c2d_error *error);
/* The value of an application property; names have no case. NULL if there is none. */
C2D_API const char *c2d_message_property(const struct c2d_message *message, const char *name);

/* ---- Back end ---- */
/* What became of a message that was sent. */
enum c2d_feedback_outcome {
    C2D_FEEDBACK_UNKNOWN, /* the record does not say, or says another word: see status_code */
    C2D_FEEDBACK_SUCCESS,
    C2D_FEEDBACK_EXPIRED,
    C2D_FEEDBACK_DELIVERY_COUNT_EXCEEDED,
    C2D_FEEDBACK_REJECTED,
    C2D_FEEDBACK_PURGED,
};

struct c2d_feedback_record {
    enum c2d_feedback_outcome outcome;
    const char *original_message_id, *device_id, *device_generation_id; /* each may be NULL */
    /* The outcome: Success, Expired, DeliveryCountExceeded, Rejected, Purged or a word that this
     * library does not know. Hubs have left it out of successes: then a description that is one of
     * the five words is taken. NULL: the record does not say. */
    const char *status_code;
    const char *description, *enqueued_time;
    const char *extra_json; /* members that this library does not know, a JSON object; NULL: none */
    const void *spare[2];
};

/* One batch of delivery feedback. The queue is one per hub: what is completed here no other reader
 * will see [hub docs]. */
struct c2d_feedback {
    const char *lock_token;
    const struct c2d_feedback_record *records;
    size_t record_count;
    int64_t lock_expires_ms; /* as that of a message */
};

/* Takes and locks the oldest batch for 60 s; C2D_NO_MESSAGE if none waits. Needs ServiceConnect.
 * *feedback is NULL on any failure; free it with c2d_feedback_free(). */
C2D_API enum c2d_status c2d_feedback_receive(struct c2d_client *service,
                                             struct c2d_feedback **feedback,
                                             struct c2d_error *error);
/* NULL is fine. */
C2D_API void c2d_feedback_free(struct c2d_feedback *feedback);
/* As c2d_settle(), for a batch; C2D_REJECT does not exist there: C2D_DATA. */
C2D_API enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                            enum c2d_outcome outcome, struct c2d_error *error);
/* Record index of a batch as a one-line JSON object; NULL when out of memory. */
C2D_API char *c2d_feedback_to_json(const struct c2d_feedback *feedback, size_t index);

/* Removes all messages that wait for device_id; *purged (NULL: not wanted) says how many. */
C2D_API enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id,
                                  int64_t *purged, struct c2d_error *error);

/* What the registry knows of a device, its keys left out. Members may be NULL, counts -1. */
struct c2d_device_info {
    const char *device_id, *status, *connection_state, *last_activity_time, *generation_id;
    int64_t message_count; /* messages that wait */
};

/* Needs a policy with RegistryRead. Free with c2d_device_info_free(). */
C2D_API enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                            struct c2d_device_info **info, struct c2d_error *error);
/* NULL is fine. */
C2D_API void c2d_device_info_free(struct c2d_device_info *info);

/* A message to be sent as one JSON object, for batches and scripts:
 * {"deviceId","body"|"bodyBase64","messageId","correlationId","userId","contentType",
 * "contentEncoding","expiry" (RFC 3339)|"ttl" (seconds, or "90s", "10m", "2h", "1d"),
 * "ack","properties":{}}; no member is needed, and a value is a string where nothing is said. */
struct c2d_outgoing {
    const char *device_id; /* NULL: none was named */
    struct c2d_message message;
};

/* Reads such an object; a ttl becomes message.ttl_s, and whether an expiry has passed is for the
 * send to find out. C2D_DATA says what is wrong: an unknown or repeated member, another type,
 * \u0000, invalid UTF-8, text behind the object. *outgoing is NULL on any failure; free it with
 * c2d_outgoing_free(). What the wire can carry is checked by the send. */
C2D_API enum c2d_status c2d_outgoing_from_json(struct c2d_outgoing **outgoing, const char *json,
                                               size_t size, struct c2d_error *error);
/* NULL is fine. */
C2D_API void c2d_outgoing_free(struct c2d_outgoing *outgoing);

/* ---- Many at once ----
 * Two verbs for many operations on one thread: c2d_submit() hands one over and returns at once,
 * c2d_wait() works until one has ended and hands its result out. At most options.parallel are under
 * way, over as many connections, which are kept alive; what concerns one device is done one after
 * the other, in the order in which it was submitted. A token is signed only when one is needed.
 * Clients with options.share have all this in common, and waiting on one of them hands out what was
 * submitted to any. What was submitted and not handed out yet takes about 4 KiB each, besides its
 * message: whoever has a million of them submits the next one when a result has come.
 *
 *     for (i = 0; i < count; i++)
 *         c2d_submit(clients[i], &(struct c2d_request) { C2D_ACTION_RECEIVE, .tag = clients[i] },
 *                    &error);
 *     while (c2d_wait(clients[0], -1, &result)) {
 *         struct c2d_request next = { .action = C2D_ACTION_RECEIVE, .tag = result.tag };
 *
 *         if (result.message != NULL && keep(result.message))
 *             next = (struct c2d_request) { C2D_ACTION_SETTLE, .tag = result.tag,
 *                                           .lock_token = result.message->lock_token,
 *                                           .outcome = C2D_COMPLETE };
 *         if (result.error.status == C2D_OK)
 *             c2d_submit(result.tag, &next, &error);
 *         c2d_message_free(result.message);
 *     }
 */
enum c2d_action {
    C2D_ACTION_RECEIVE,
    C2D_ACTION_SETTLE,
    C2D_ACTION_SEND,
    C2D_ACTION_DEVICE_INFO, /* as c2d_device_info_get(), about device_id */
    C2D_ACTION_FEEDBACK,
    C2D_ACTION_FEEDBACK_SETTLE,
    C2D_ACTION_PURGE,
};

/* What is not the action's is left 0. device_id and message must live until the result is handed
 * out; lock_token is copied. */
struct c2d_request {
    enum c2d_action action;
    void *tag; /* comes back with the result */
    const char *lock_token;
    enum c2d_outcome outcome;
    const char *device_id;
    const struct c2d_message *message;
    const void *spare[2];
};

struct c2d_result {
    void *tag;
    enum c2d_action action;
    struct c2d_message *message;         /* of a receive, for c2d_message_free(); else NULL */
    struct c2d_feedback *feedback;       /* for c2d_feedback_free(); likewise */
    struct c2d_device_info *device_info; /* for c2d_device_info_free(); NULL unless it was read */
    int64_t purged;                      /* messages */
    const void *spare[4];
    struct c2d_error error; /* as the action's own function fills it in */
};

/* Checks all that these functions check beforehand: a status other than C2D_OK means that nothing
 * was handed over. C2D_OK says nothing of the outcome yet. */
C2D_API enum c2d_status c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                                   struct c2d_error *error);
/* The next result. False, and nothing in *result, when timeout_ms (-1: no limit) have passed
 * without one or when nothing is under way. When cancel_fd becomes readable every operation ends,
 * those on their way within 5 s, and each still has its result. */
C2D_API bool c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result);

/* How many operations were submitted and not handed out yet: 0 tells "nothing is under way" from
 * "the time is up" after c2d_wait(). */
C2D_API size_t c2d_pending(const struct c2d_client *client);
/* A descriptor that is readable while c2d_wait(client, 0, ...) has something to do. */
C2D_API int c2d_fd(const struct c2d_client *client);

/* How many operations that were submitted wait before another attempt, because the hub failed. With
 * options.patience_ms they do not count against options.parallel: who keeps only that many under
 * way can submit another one for each of them. */
C2D_API size_t c2d_backing_off(const struct c2d_client *client);

/* ---- What is wrong? ----
 * What a client is made of and what it met on its way; texts live as long as client. */
struct c2d_probe {
    size_t key_size;              /* of the SharedAccessKey, bytes; 0: there is none */
    const char *certificate;      /* subject of the client's own; NULL: it has none */
    int64_t credentials_end_at_s; /* of certificate or ready token, since 1970 UTC; 0: never */
    const char *proxy;            /* scheme://host:port; NULL: the hub is reached without one */
    struct c2d_connection connection;
    int64_t hub_time_s; /* by an answer's Date, or a 401's body, where it can be trusted; 0: none */
    int64_t own_time_s; /* this machine's clock at that moment */
    uint64_t spare[4];
};

/* Makes one request that changes nothing, to see how far it comes: it completes a lock that cannot
 * exist, a message's or for the back end a feedback batch's. C2D_OK: these credentials may
 * receive (the back end's: read feedback), as they are or, where hub_time_s differs, by the hub's
 * time. Else error->step says where it got stuck; the steps before that were made. options.retries
 * does not count here: only a 401 is tried once more, with a fresh token. *probe is filled in as
 * far as it came. */
C2D_API enum c2d_status c2d_probe(struct c2d_client *client, struct c2d_probe *probe,
                                  struct c2d_error *error);

/* ---- Shared access signatures ---- */
/* Signs a token that is good for ttl_s seconds from now, by the hub's clock if a 401 has shown that
 * ours is off: for the hub, or for device_id alone; a device signs for itself (device_id NULL). No
 * network. The token is a secret: wipe it. */
C2D_API enum c2d_status c2d_sas_token(struct c2d_client *client, const char *device_id,
                                      int64_t ttl_s, char **token, struct c2d_error *error);

struct c2d_sas {
    char resource[512]; /* host or host/devices/ID, decoded */
    char policy[256];   /* "" for a device's own key */
    int64_t expires_at_s;
    uint64_t spare[2];
};

/* Reads what a token says of itself; proves nothing. C2D_DATA if it is no token. */
C2D_API enum c2d_status c2d_sas_decode(const char *token, struct c2d_sas *sas,
                                       struct c2d_error *error);

/* ---- Text ---- */
/* A random UUID, for a message id. C2D_OS when the system has no randomness. */
C2D_API enum c2d_status c2d_uuid(char text[37]);
/* size bytes as a JSON string literal, quotes included, in valid UTF-8 that is safe to show:
 * controls, also those of the direction of writing, are escaped, bytes that are not UTF-8 become
 * U+FFFD. NULL when out of memory. */
C2D_API char *c2d_json_quote(const void *text, size_t size);
/* size bytes as printable text: controls, also those of the direction of writing, and invalid UTF-8
 * as \xNN, so that they cannot move a terminal's cursor or reorder a line. NULL when out of
 * memory. */
C2D_API char *c2d_printable(const void *text, size_t size);
/* text as one word of a POSIX shell's command line, in single quotes where it needs them: for a
 * command that a person may paste. NULL when out of memory. */
C2D_API char *c2d_shell_word(const char *text);
/* Reads a time in the forms in which hubs write it, such as those of c2d_message and
 * c2d_feedback_record: *ms since 1970 UTC. Without a zone it is UTC. False, and nothing in *ms, for
 * anything else, and for NULL. */
C2D_API bool c2d_time_parse(const char *text, int64_t *ms);
/* The library's version, C2D_VERSION as it was built. */
C2D_API const char *c2d_version(void);

#ifdef __cplusplus
}
#endif

#endif
