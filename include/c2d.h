/* libc2d: cloud-to-device messages of an Azure IoT Hub, over HTTPS only. Examples, the rules for
 * threads, processes and plug-ins, memory, and growth of the ABI are in libc2d(3).
 *
 * A client, and all clients that share with it, may be used by one thread at a time. Operations
 * block for timeout_ms and 1 s at most, plus pauses (patience_ms); other functions do not block.
 *
 * Text is NUL-terminated UTF-8. Arguments are borrowed for the call; a `char *` result is freed
 * with free(). error may be NULL, and the _free() functions take NULL. An object returned through a
 * pointer is NULL on any failure. C2D_USAGE: a client, id, token, message or request is NULL, or an
 * enum lacks the number. Names in _s and _ms are seconds and milliseconds since 1970 UTC, or spans;
 * time-outs and lock_expires_ms use CLOCK_BOOTTIME, which also runs during suspension.
 *
 * Sources on the protocol: [hub docs] Microsoft's IoT Hub documents and swagger, [SDKs] the same in
 * all its SDKs, [assumed] not confirmed on a live hub yet. */
#ifndef C2D_H
#define C2D_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define C2D_VERSION "0.2.0"
#define C2D_VERSION_NUMBER 0x000200       /* one byte each; for #if */
#define C2D_RELEASE_S INT64_C(1795824000) /* 2026-11-28: an earlier clock is wrong */
#define C2D_ABI 1

#if defined(__GNUC__)
#define C2D_API __attribute__((visibility("default")))
#else
#define C2D_API
#endif

C2D_API const char *c2d_version(void); /* C2D_VERSION of the library in use */
/* Those in use: "libcurl 7.88.1 (OpenSSL/3.0.19), OpenSSL 3.0.19, cJSON 1.7.15". */
C2D_API void c2d_library_versions(char text[96]);

/* ---- Outcomes ----
 * The numbers are exit codes of the programs, which have additional ones. */
enum c2d_status {
    C2D_DRY_RUN = -1,         /* options.dry_run: the request was shown, not sent */
    C2D_OK = 0,               /* done as asked */
    C2D_NO_MESSAGE = 10,      /* the queue is empty */
    C2D_QUEUE_FULL = 12,      /* the device already holds 50 messages */
    C2D_LOCK_LOST = 13,       /* the lock has expired, or the message is settled already */
    C2D_NOT_FOUND = 14,       /* the device is unknown to the hub */
    C2D_THROTTLED = 15,       /* too many requests; see error->retry_after_s */
    C2D_QUOTA = 16,           /* the day's messages are used up; the quota resets at 00:00 UTC */
    C2D_TOO_LARGE = 17,       /* over 65,536 bytes */
    C2D_TIMEOUT = 18,         /* options.timeout_ms passed without a response */
    C2D_NETWORK = 20,         /* no complete response: name, connection, proxy, reset, stall */
    C2D_TLS = 21,             /* handshake, verification, name or certificate */
    C2D_SERVER = 23,          /* 5xx after all attempts */
    C2D_PROTOCOL = 24,        /* not a response of a hub, or over a limit */
    C2D_UNKNOWN_OUTCOME = 25, /* a send is in doubt: it was written, but got no response */
    C2D_USAGE = 64,           /* an argument or option is not valid */
    C2D_DATA = 65,            /* a message, id or token is not valid */
    C2D_OS = 71,              /* out of memory, or of another resource */
    C2D_AUTH = 77,            /* refused: key, policy, expiry, or a network filter */
    C2D_CONFIG = 78,          /* connection string, certificate, trust store or proxy */
    C2D_CANCELLED = 130,      /* options.cancel_fd was readable */
};
/* Returns the name, such as "QUEUE_FULL"; "INTERNAL" for any other number. */
C2D_API const char *c2d_status_name(enum c2d_status status);

/* The steps from a connection string to a response, in their order. */
enum c2d_step {
    C2D_STEP_NONE, /* none of these: an argument, a file, memory, the content of a response */
    C2D_STEP_CONNECTION_STRING, /* as a whole */
    C2D_STEP_KEY,               /* the key or token in it, or the certificate */
    C2D_STEP_NAME,              /* resolving the name of the hub, connect_to or the proxy */
    C2D_STEP_CONNECTION,        /* TCP; with a proxy, until its tunnel is open */
    C2D_STEP_TLS,               /* with the hub */
    C2D_STEP_ANSWER,            /* no response; or with an http_status, a refusal */
};

/* The result of one call. Fixed size, nothing to free. Also filled in on success. */
struct c2d_error {
    enum c2d_status status;
    enum c2d_step step;          /* that failed */
    int http_status;             /* of the last response; 0: none */
    int hub_code;                /* the hub's number, for example 403004; 0: none */
    char hub_code_name[64];      /* the hub's name for it; "": none */
    char request_id[64];         /* for the hub's support; "": none */
    int retry_after_s;           /* the hub's Retry-After; 0: none */
    unsigned attempts;           /* made, whether the request was written or not */
    bool retryable;              /* the same call may succeed later */
    int64_t hub_time_s;          /* c2d_send(): Date of the success; 0: none, or not usable */
    bool earlier_try_unanswered; /* an attempt is in doubt: it may have taken effect */
    bool gave_up;                /* the hub has only failed for options.patience_ms */
    char unreadable_sequence_number[24]; /* of a locked message, which was skipped; "": none */
    char message_id[40];                 /* of a send: generated; "": the message has one */
    char text[512]; /* one printable line, without newline or secrets; "" on success */
    char hint[256]; /* the next step; "": none */
    uint64_t spare[4];
};

/* ---- Client ---- */
struct c2d_client;
struct c2d_event;

/* event and its members are valid only during the call. Must not call functions of the client. */
typedef void c2d_observer(void *context, const struct c2d_event *event);

enum c2d_role { C2D_ROLE_ANY, C2D_ROLE_SERVICE, C2D_ROLE_DEVICE };

/* Start from c2d_options_default(); with a size of 0 the options are refused. */
struct c2d_options {
    size_t size;             /* of this struct, as the program was compiled */
    enum c2d_role role;      /* C2D_CONFIG for the other kind of connection string */
    const char *api_version; /* NULL: a known version for each operation [SDKs] */
    int connect_timeout_ms;  /* for name, TCP, proxy and TLS; 1 or more; default 10,000 */
    int timeout_ms;          /* for one operation with all attempts; 1 or more; default 60,000 */
    int retries;             /* attempts after the first; 0 or more; default 3 */
    bool retry_budget;       /* common to all operations: when most fail, fewer are retried */
    int patience_ms;         /* how long to wait while the hub fails, see libc2d(3); default 0 */
    int parallel;            /* requests in flight, 1 to 64; 0: 1; default 1 */
    /* A client of the same hub whose connections and options are used; NULL: none. All other
     * options must be the default or the same as in that client, but for role. */
    struct c2d_client *share;
    const char *ca_file;      /* PEM, instead of the system's trust store */
    const char *ca_dir;       /* hashed directories (openssl rehash), separated by ":", likewise */
    bool ca_from_environment; /* they come from SSL_CERT_FILE and _DIR: for the texts of errors */
    const char *cert_file;    /* client certificate and unencrypted key, PEM: for x509=true */
    const char *key_file;
    /* [http://|https://|socks5h://][USER:PASSWORD@]HOST[:PORT], as in a URL; NULL or "": none */
    const char *proxy;
    const char *proxy_user, *proxy_password; /* not encoded; instead of those in proxy */
    const char *no_proxy;   /* "host,.domain,...": without proxy; "*": all hosts; NULL: none */
    const char *connect_to; /* "HOST:PORT" for TCP; TLS and tokens still use the hub's name */
    /* A folder for TLS sessions, the only secrets that are written to a disk, for a day. Created if
     * missing; used only if no other user can access it. NULL: none. */
    const char *tls_cache;
    /* While readable, or once closed, operations end with C2D_CANCELLED: a send in flight and
     * settlements within 5 s, the others at once. Polled, never read. -1: none. */
    int cancel_fd;
    bool dry_run;           /* each operation ends with C2D_DRY_RUN and an event; no socket */
    bool trace;             /* report C2D_EVENT_TRACE */
    c2d_observer *observer; /* NULL: none; must live as long as a client that shares */
    void *observer_context;
};

/* The defaults above, the system's trust store, no proxy. */
static inline struct c2d_options c2d_options_default(void)
{
    struct c2d_options made;

    memset(&made, 0, sizeof made);
    made.size = sizeof made;
    made.connect_timeout_ms = 10000;
    made.timeout_ms = 60000;
    made.retries = 3;
    made.parallel = 1;
    made.cancel_fd = -1;
    return made;
}

/* Reads connection_string ("HostName=...;DeviceId=...;SharedAccessKey=...", or
 * SharedAccessKeyName=... for the back end; SharedAccessSignature=... or x509=true instead of a
 * key), at most 4,096 bytes; one trailing newline is ignored; NULL is C2D_CONFIG. options NULL:
 * defaults. Copies its arguments. Does not connect yet. */
C2D_API enum c2d_status c2d_client_new(struct c2d_client **client, const char *connection_string,
                                       const struct c2d_options *options, struct c2d_error *error);
/* Drops the pending operations of this client and wipes key and token. The last client that shares
 * the connections closes them. Clients may be freed in any order. */
C2D_API void c2d_client_free(struct c2d_client *client);
/* Return HostName, DeviceId (back end: NULL) and SharedAccessKeyName (NULL: none) of the connection
 * string, valid until client is freed. */
C2D_API const char *c2d_client_host(const struct c2d_client *client);
C2D_API const char *c2d_client_device_id(const struct c2d_client *client);
C2D_API const char *c2d_client_policy(const struct c2d_client *client);

/* ---- Messages ---- */
enum {
    C2D_MESSAGE_SIZE_MAX = 65536, /* bytes of body, properties and system properties [hub docs] */
    C2D_LOCK_S = 60,              /* how long a received message is locked [hub docs] */
};

/* Which outcomes the sender wants feedback on. */
enum c2d_ack { C2D_ACK_UNSET, C2D_ACK_NONE, C2D_ACK_POSITIVE, C2D_ACK_NEGATIVE, C2D_ACK_FULL };

struct c2d_property {
    const char *name, *value;
}; /* never grows */

/* The same struct is sent and received; members that are not set are NULL or 0. */
struct c2d_message {
    const void *body; /* any bytes */
    size_t body_size;
    /* message_id NULL: a send generates one, so that a receiver can recognise a duplicate; see
     * error->message_id. */
    const char *message_id, *correlation_id, *user_id, *content_type, *content_encoding;
    enum c2d_ack ack;
    /* send: at most 2 days ahead; 0: the hub's default of 1 h, or ttl_s. No attempt is made after
     * it: C2D_DATA, or C2D_UNKNOWN_OUTCOME if an earlier attempt is in doubt. */
    int64_t expires_at_s;
    int64_t ttl_s; /* send, instead of expires_at_s: the time to live, at most 2 days; 0: none */
    const struct c2d_property *properties;
    size_t property_count;

    /* Received messages only. Values are as the hub wrote them, and may hold any byte but NUL. */
    const char *device_id, *lock_token, *to;
    const char *sequence_number; /* decimal, 64 bits */
    const char *enqueued_time;   /* ISO 8601; older hubs wrote "12/22/2017 12:14:12 AM" [SDKs] */
    int64_t enqueued_at_ms;      /* the same; 0: missing, or not understood */
    const char *expiry_time;
    int delivery_count;      /* abandons so far; -1: not known */
    int64_t received_at_s;   /* our clock, when the request was sent */
    int64_t lock_deadline_s; /* received_at_s + 60: the lock of a C2D message [hub docs] */
    int64_t lock_expires_ms; /* the earliest lock expiry; 0: not known (read from JSON) */
    const void *spare[4];
};

/* Queues message for device_id. Needs a policy with ServiceConnect. Property names are HTTP tokens,
 * unique without case; values, ids and content types are 0x20-0x7e without outer spaces: C2D_DATA
 * names the character. An attempt without a response is in doubt and is retried with the same id:
 * error->earlier_try_unanswered: there may be two copies; C2D_UNKNOWN_OUTCOME: it may be queued.
 */
C2D_API enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                                 const struct c2d_message *message, struct c2d_error *error);

/* Takes the oldest message and locks it for 60 s. C2D_NO_MESSAGE has error->earlier_try_unanswered
 * if the response to an earlier attempt was lost and may have locked one. */
C2D_API enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                                    struct c2d_error *error);
C2D_API void c2d_message_free(struct c2d_message *message);
/* Returns the value of an application property, or NULL; names are compared without case. */
C2D_API const char *c2d_message_property(const struct c2d_message *message, const char *name);

/* C2D_COMPLETE and C2D_REJECT remove the message, C2D_ABANDON puts it back and raises its delivery
 * count: at 10 the hub removes it [hub docs]. To leave a message, do nothing: its lock expires. */
enum c2d_outcome { C2D_COMPLETE, C2D_REJECT, C2D_ABANDON };
/* Settles the message and so ends its lock. A failure with error->earlier_try_unanswered is in
 * doubt: an attempt of this call that got no response may have settled the message. After
 * C2D_LOCK_LOST it probably did, if the call returned before the message's lock_expires_ms. */
C2D_API enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                                   enum c2d_outcome outcome, struct c2d_error *error);

/* ---- Back end ---- */
enum c2d_feedback_outcome {
    C2D_FEEDBACK_UNKNOWN, /* missing, or another word: see status_code */
    C2D_FEEDBACK_SUCCESS,
    C2D_FEEDBACK_EXPIRED,
    C2D_FEEDBACK_DELIVERY_COUNT_EXCEEDED,
    C2D_FEEDBACK_REJECTED,
    C2D_FEEDBACK_PURGED,
};

/* Texts may be NULL. */
struct c2d_feedback_record {
    enum c2d_feedback_outcome outcome; /* by statusCode, else, as hubs omit it, by description */
    const char *original_message_id, *device_id, *device_generation_id;
    const char *status_code; /* the word for outcome, or an unknown one */
    const char *description, *enqueued_time;
    const char *extra_json; /* unknown members, as a JSON object */
    const void *spare[2];
};

/* A batch. A hub has one queue: what is completed here, no other reader gets [hub docs]. */
struct c2d_feedback {
    const char *lock_token;
    const struct c2d_feedback_record *records;
    size_t record_count;
    int64_t lock_expires_ms; /* as in struct c2d_message */
};
/* Takes the oldest batch and locks it for 60 s; C2D_NO_MESSAGE if the queue is empty. Needs a
 * policy with ServiceConnect. */
C2D_API enum c2d_status c2d_feedback_receive(struct c2d_client *service,
                                             struct c2d_feedback **feedback,
                                             struct c2d_error *error);
C2D_API void c2d_feedback_free(struct c2d_feedback *feedback);
/* As c2d_settle(), for a batch; C2D_REJECT is not possible: C2D_DATA. */
C2D_API enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                            enum c2d_outcome outcome, struct c2d_error *error);
/* Removes all messages queued for device_id, and sets *purged (may be NULL) to their number. */
C2D_API enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id,
                                  int64_t *purged, struct c2d_error *error);

/* The registry's entry of a device, without its keys. Texts may be NULL, the count -1. */
struct c2d_device_info {
    const char *device_id, *status, *connection_state, *last_activity_time, *generation_id;
    int64_t message_count; /* messages queued for it */
};
/* Needs a policy with RegistryRead. */
C2D_API enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                            struct c2d_device_info **info, struct c2d_error *error);
C2D_API void c2d_device_info_free(struct c2d_device_info *info);

/* ---- Many operations at once, and main loops ----
 * At most options.parallel requests are in flight. Settlements go first. Sends to one device keep
 * their order. Clients that share have this in common: c2d_wait() returns the results of all. */
enum c2d_action {
    C2D_ACTION_RECEIVE,
    C2D_ACTION_SETTLE,      /* lock_token, outcome */
    C2D_ACTION_SEND,        /* device_id, message */
    C2D_ACTION_DEVICE_INFO, /* device_id */
    C2D_ACTION_FEEDBACK,
    C2D_ACTION_FEEDBACK_SETTLE, /* lock_token, outcome */
    C2D_ACTION_PURGE,           /* device_id */
};

/* Members that the action does not use are 0. device_id and message must stay valid until the
 * result is returned; lock_token is copied. */
struct c2d_request {
    enum c2d_action action;
    void *tag; /* returned with the result */
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
    struct c2d_feedback *feedback;       /* likewise, for c2d_feedback_free() */
    struct c2d_device_info *device_info; /* likewise, for c2d_device_info_free() */
    int64_t purged;
    const void *spare[4];
    struct c2d_error error; /* as the action's own function fills it in */
};

/* Starts an operation and returns at once; its outcome comes with the result. A status other than
 * C2D_OK means that nothing was submitted. */
C2D_API enum c2d_status c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                                   struct c2d_error *error);
/* Works until an operation has ended, and returns true with its result. Returns false, with *result
 * unchanged, after timeout_ms (-1: no limit), or if no operation is pending. */
C2D_API bool c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result);
/* Return how many operations have no result yet, and how many of them are in back-off. */
C2D_API size_t c2d_pending(const struct c2d_client *client);
C2D_API size_t c2d_backing_off(const struct c2d_client *client);
/* Returns a descriptor for a main loop, the same for all clients that share; -1 for NULL. While it
 * is readable, call c2d_wait(client, 0, ...). Do not read or close it. */
C2D_API int c2d_fd(const struct c2d_client *client);

#ifdef __cplusplus
}
#endif

#include "c2d_tools.h" /* events, diagnosis, tokens, JSON: most programs do not need them */

#endif
