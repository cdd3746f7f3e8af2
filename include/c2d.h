/* libc2d: cloud-to-device messages of an Azure IoT Hub over HTTPS alone.
 *
 * A device receives its messages and completes, abandons or rejects them. The back end sends
 * messages, reads the delivery feedback, purges queues and looks devices up. A device's loop:
 *
 *     while (c2d_receive(device, &message, &error) == C2D_OK) {
 *         if (keep(message))
 *             c2d_settle(device, message->lock_token, C2D_COMPLETE, &error);
 *         c2d_message_free(message);
 *     }
 *
 * threads      A client, and all that share with it (options.share), belong to one thread at a
 *              time. Others are independent.
 * libcurl      Each client that does not share initialises it and cleans it up: thread-safe since
 *              7.84. It looks names up in threads of its own, which may outlive a client: a plug-in
 *              that links libc2d.a needs -z nodelete, as libc2d.so has it.
 * process      No output, no exit, no signal handler, no environment (libcurl: SSLKEYLOGFILE), any
 *              locale. Ignore SIGPIPE (libcurl before 7.87). A child of fork() must not touch its
 *              parent's clients; exec() closes all descriptors but two of libcurl's (7.88).
 * memory       Client: 10 KiB and 4 descriptors, 5 with cancel_fd; 0.8 MiB more with a bundle of
 *              140 CA certificates. One that shares: 0.4 KiB. Connection: 65 to 105 KiB and 1
 *              descriptor. Operation: 1 KiB, 6 KiB in flight, and its message.
 * blocking     c2d_client_new() reads files (a bundle of 140 CA certificates: 25 ms). Operations
 *              take timeout_ms and 1 s at most, besides pauses (patience_ms). Others do not block.
 * clocks       Names in _s and _ms are seconds and milliseconds since 1970 UTC, or spans. Time-outs
 *              and lock_expires_ms go by CLOCK_BOOTTIME: setting the time does not move it, and it
 *              counts the time of a suspended machine.
 * limits       Response: body 1 MiB, headers 128 KiB and 1,000 lines. Message sent: 900 properties.
 *              Ids: 128 characters. 64 requests in flight.
 * arguments    Text is NUL-terminated UTF-8. Arguments are borrowed for the call; a `char *` result
 *              is freed with free(). error may be NULL, and the _free() functions take NULL.
 *              C2D_USAGE: a client, id, token, message or request that is NULL, or a number that
 *              its enum lacks.
 *
 * C2D_ABI, the soname's number, rises when compiled programs would break. Members that are added
 * take the place of `spare`, which must be zero, or come last in structs that have a size or that
 * the library makes. Enums may grow.
 *
 * Sources of wire facts: [hub docs] Microsoft's IoT Hub documents and swagger, [SDKs] agreed on by
 * its SDKs, [assumed] not confirmed on a live hub yet.
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
#define C2D_ABI 1

#if defined(__GNUC__)
#define C2D_API __attribute__((visibility("default")))
#else
#define C2D_API
#endif

/* The library's version, C2D_VERSION as it was built. */
C2D_API const char *c2d_version(void);

/* ---- Outcomes ----
 * The numbers are the exit codes of the programs, which have some more of their own. */
enum c2d_status {
    C2D_DRY_RUN = -1,         /* options.dry_run: the request was shown, not sent */
    C2D_OK = 0,               /* done as asked */
    C2D_NO_MESSAGE = 10,      /* the queue is empty */
    C2D_QUEUE_FULL = 12,      /* the device already holds 50 messages */
    C2D_LOCK_LOST = 13,       /* the lock expired or was settled before */
    C2D_NOT_FOUND = 14,       /* the hub knows no such device */
    C2D_THROTTLED = 15,       /* too many requests; see error->retry_after_s */
    C2D_QUOTA = 16,           /* the day's messages are used up; the quota resets at 00:00 UTC */
    C2D_TOO_LARGE = 17,       /* over 65,536 bytes */
    C2D_TIMEOUT = 18,         /* options.timeout_ms passed without a response */
    C2D_NETWORK = 20,         /* no whole response: name, connection, proxy, reset, stall */
    C2D_TLS = 21,             /* handshake, verification, name or certificate */
    C2D_SERVER = 23,          /* 5xx after all attempts */
    C2D_PROTOCOL = 24,        /* not what a hub answers, or over a limit */
    C2D_UNKNOWN_OUTCOME = 25, /* a send was written, and no response proves its fate: in doubt */
    C2D_USAGE = 64,           /* an argument or option that cannot be */
    C2D_DATA = 65,            /* a message, id or token that the wire cannot carry */
    C2D_OS = 71,              /* memory or another resource is gone */
    C2D_AUTH = 77,            /* refused: key, policy, expiry, or a filter on the way */
    C2D_CONFIG = 78,          /* connection string, certificate, trust store or proxy */
    C2D_CANCELLED = 130,      /* options.cancel_fd was readable */
};

/* The name, such as "QUEUE_FULL"; "INTERNAL" for a number that is none. */
C2D_API const char *c2d_status_name(enum c2d_status status);

/* The steps of a client's way to the hub, in their order. */
enum c2d_step {
    C2D_STEP_NONE, /* none of them: an argument, a file, memory, a response's content */
    C2D_STEP_CONNECTION_STRING, /* as a whole */
    C2D_STEP_KEY,               /* key or token in it, or certificate */
    C2D_STEP_NAME,              /* the address of what is dialled: hub, connect_to or proxy */
    C2D_STEP_CONNECTION,        /* TCP; through a proxy, until that has opened the way */
    C2D_STEP_TLS,               /* with the hub */
    C2D_STEP_ANSWER,            /* no response; or with an http_status, it was a refusal */
};

/* What happened in one call. Fixed size, nothing to free. Filled in also on success. */
struct c2d_error {
    enum c2d_status status;
    enum c2d_step step;          /* where it failed */
    int http_status;             /* of the last response; 0: none */
    int hub_code;                /* the hub's number, for example 403004; 0: none */
    char hub_code_name[64];      /* the hub's word for it; "" if none */
    char request_id[64];         /* what the hub's support asks for; "" if none */
    int retry_after_s;           /* the hub's wish; 0: it did not say */
    unsigned attempts;           /* requests sent or tried */
    bool retryable;              /* the same call may succeed later */
    int64_t hub_time_s;          /* c2d_send(): Date of its success; 0: none that is usable */
    bool earlier_try_unanswered; /* an attempt is in doubt: the hub may have acted on it */
    bool gave_up;                /* the hub has done nothing but fail for options.patience_ms */
    /* c2d_receive(): the number of a message that the hub has locked and that cannot be read; the
     * next call receives the one after it. "": no such message. */
    char unreadable_sequence_number[24];
    char message_id[40]; /* of a send: the id that the library made; "": the message has one */
    char text[512];      /* one printable line without newline or secret; "" on success */
    char hint[256];      /* what to do about it; "" if there is nothing to say */
    uint64_t spare[4];
};

/* ---- Client ---- */
struct c2d_client;

struct c2d_event;

/* Everything in event is borrowed for the call. Must not call into the client. */
typedef void c2d_observer(void *context, const struct c2d_event *event);

enum c2d_role { C2D_ROLE_ANY, C2D_ROLE_SERVICE, C2D_ROLE_DEVICE };

/* Start from c2d_options_default(); with a size of 0 the options are refused. */
struct c2d_options {
    size_t size;             /* of this struct, as the program was compiled */
    enum c2d_role role;      /* refuse the other kind of connection string (C2D_CONFIG) */
    const char *api_version; /* NULL: what each operation is known to work with [SDKs] */
    int connect_timeout_ms;  /* name, TCP, proxy and TLS; 1 or more; default 10,000 */
    /* One operation with all its attempts; 1 or more; default 60,000. It runs from the first
     * attempt, for settlements from their submission. */
    int timeout_ms;
    int retries;       /* attempts after the first; 0 or more; default 3 */
    bool retry_budget; /* over many operations: when most fail, fewer are tried again */
    /* How long to wait for a hub that fails, in ms; default 0: not at all. See "A hub that fails"
     * below. */
    int patience_ms;
    int parallel; /* requests in flight, 1 to 64; 0: 1; default 1 */
    /* Use the connections and all options of this client of the same hub; NULL: own ones. Other
     * options must be their default or the same as its; role is this client's own. */
    struct c2d_client *share;
    const char *ca_file; /* PEM, instead of the system's trust store */
    const char *ca_dir;  /* hashed directory (openssl rehash), likewise */
    /* ca_file and ca_dir are those of SSL_CERT_FILE and SSL_CERT_DIR: errors name the variables. */
    bool ca_from_environment;
    const char *cert_file; /* client certificate and unencrypted key, PEM: for x509=true */
    const char *key_file;
    /* [http://|https://|socks5h://][USER:PASSWORD@]HOST[:PORT], as in a URL; NULL or "": none */
    const char *proxy;
    const char *proxy_user, *proxy_password; /* not encoded; instead of those in proxy */
    const char *no_proxy;   /* "host,.domain,...": reached without it; "*": all; NULL: none */
    const char *connect_to; /* "HOST:PORT": where TCP goes instead; TLS and tokens stay */
    /* A folder for TLS sessions, which the next client resumes: the only secrets that this library
     * writes to a disk, for a day. Made if missing; not used unless it is ours alone. NULL: none.
     */
    const char *tls_cache;
    /* While it is readable, or once it was closed: reads, and what has not been started, end at
     * once with C2D_CANCELLED. A send in flight and settlements get 5 s more. Looked at in every
     * call, and never read. -1: none. */
    int cancel_fd;
    bool dry_run;           /* every operation ends with C2D_DRY_RUN and an event; no socket */
    bool trace;             /* C2D_EVENT_TRACE wanted */
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
 * key) and connects nothing yet. At most 4,096 bytes; one trailing newline is ignored; NULL is
 * C2D_CONFIG. options NULL: defaults. Copies what it is given. *client is NULL on any failure. */
C2D_API enum c2d_status c2d_client_new(struct c2d_client **client, const char *connection_string,
                                       const struct c2d_options *options, struct c2d_error *error);
/* Gives up what this client has submitted, wipes key and token, and closes the connections with the
 * last client that shares them. Any order is fine. */
C2D_API void c2d_client_free(struct c2d_client *client);
/* HostName, DeviceId (back end: NULL) and SharedAccessKeyName (NULL: none) of the connection
 * string. They live as long as client. */
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

/* The same struct is sent and received; what is not set is NULL or 0. */
struct c2d_message {
    const void *body; /* any bytes */
    size_t body_size;
    /* message_id NULL: c2d_send() makes one, so that a repeated attempt can be told from a second
     * message; see error->message_id. */
    const char *message_id, *correlation_id, *user_id, *content_type, *content_encoding;
    enum c2d_ack ack;
    /* send: at most 2 days ahead; 0: the hub's default, 1 h, or ttl_s. Once it has passed no
     * attempt is made: C2D_DATA, or C2D_UNKNOWN_OUTCOME if an earlier one is in doubt. */
    int64_t expires_at_s;
    /* send, instead of expires_at_s: the time to live, at most 2 days; 0: none. It becomes an
     * expiry by the hub's clock, if a 401 has shown that ours is off. */
    int64_t ttl_s;
    const struct c2d_property *properties;
    size_t property_count;

    /* Received messages only. Values are as the hub wrote them and may hold any byte but NUL. */
    const char *device_id, *lock_token, *to;
    const char *sequence_number; /* decimal, 64 bits */
    const char *enqueued_time;   /* ISO 8601; older hubs wrote "12/22/2017 12:14:12 AM" [SDKs] */
    int64_t enqueued_at_ms;      /* the same; 0: absent, or not understood */
    const char *expiry_time;
    int delivery_count;      /* abandons so far; -1: the hub did not say */
    int64_t received_at_s;   /* our clock, when the request left */
    int64_t lock_deadline_s; /* received_at_s + 60: the lock of a C2D message [hub docs] */
    int64_t lock_expires_ms; /* the earliest end of the lock; 0: not known (read from JSON) */
    const void *spare[4];
};

/* Queues message for device_id. Needs a policy with ServiceConnect. Its body, properties and system
 * properties are 65,536 bytes at most together. Property names are HTTP tokens, unique without
 * case; values, ids and content types are 0x20-0x7e without outer spaces: C2D_DATA names the
 * character.
 *
 * An attempt that was written and got no response is in doubt, and is repeated under the same
 * message id. If a later one succeeds, error->earlier_try_unanswered says that it may be there
 * twice; if none gets a response the result is C2D_UNKNOWN_OUTCOME. A gateway's 408, 500, 502 or
 * 504 without the hub's code is no response in this sense. */
C2D_API enum c2d_status c2d_send(struct c2d_client *service, const char *device_id,
                                 const struct c2d_message *message, struct c2d_error *error);

/* Takes the oldest message and locks it for 60 s. C2D_NO_MESSAGE has error->earlier_try_unanswered
 * if the response to an earlier attempt was lost and may have locked one. *message is NULL on any
 * failure. */
C2D_API enum c2d_status c2d_receive(struct c2d_client *device, struct c2d_message **message,
                                    struct c2d_error *error);
C2D_API void c2d_message_free(struct c2d_message *message);
/* The value of an application property; names have no case. NULL if there is none. */
C2D_API const char *c2d_message_property(const struct c2d_message *message, const char *name);

/* C2D_COMPLETE and C2D_REJECT remove the message, C2D_ABANDON puts it back and raises its delivery
 * count: at 10 the hub removes it [hub docs]. To leave a message, do nothing: its lock expires. */
enum c2d_outcome { C2D_COMPLETE, C2D_REJECT, C2D_ABANDON };

/* Ends a lock. On any failure with error->earlier_try_unanswered the outcome is in doubt: an
 * attempt of this call that got no response may have settled the message. After C2D_LOCK_LOST it
 * probably did if the message's lock_expires_ms had not come when the call returned. */
C2D_API enum c2d_status c2d_settle(struct c2d_client *device, const char *lock_token,
                                   enum c2d_outcome outcome, struct c2d_error *error);

/* ---- Back end ---- */
/* What became of a message. */
enum c2d_feedback_outcome {
    C2D_FEEDBACK_UNKNOWN, /* the record does not say, or says another word: see status_code */
    C2D_FEEDBACK_SUCCESS,
    C2D_FEEDBACK_EXPIRED,
    C2D_FEEDBACK_DELIVERY_COUNT_EXCEEDED,
    C2D_FEEDBACK_REJECTED,
    C2D_FEEDBACK_PURGED,
};

/* Texts may be NULL. */
struct c2d_feedback_record {
    enum c2d_feedback_outcome outcome; /* of statusCode; if it has none, of the description: hubs
                                          have left statusCode out of successes */
    const char *original_message_id, *device_id, *device_generation_id;
    const char *status_code; /* the word for outcome, or one that this library does not know */
    const char *description, *enqueued_time;
    const char *extra_json; /* members that this library does not know, a JSON object */
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

/* Takes and locks the oldest batch for 60 s; C2D_NO_MESSAGE if there is none. Needs ServiceConnect.
 * *feedback is NULL on any failure. */
C2D_API enum c2d_status c2d_feedback_receive(struct c2d_client *service,
                                             struct c2d_feedback **feedback,
                                             struct c2d_error *error);
C2D_API void c2d_feedback_free(struct c2d_feedback *feedback);
/* As c2d_settle(), for a batch; C2D_REJECT does not exist there: C2D_DATA. */
C2D_API enum c2d_status c2d_feedback_settle(struct c2d_client *service, const char *lock_token,
                                            enum c2d_outcome outcome, struct c2d_error *error);
/* Removes all messages that wait for device_id; *purged (NULL: not wanted) says how many. */
C2D_API enum c2d_status c2d_purge(struct c2d_client *service, const char *device_id,
                                  int64_t *purged, struct c2d_error *error);

/* What the registry knows of a device, without its keys. Texts may be NULL, counts -1. */
struct c2d_device_info {
    const char *device_id, *status, *connection_state, *last_activity_time, *generation_id;
    int64_t message_count; /* messages that wait */
};

/* Needs a policy with RegistryRead. *info is NULL on any failure. */
C2D_API enum c2d_status c2d_device_info_get(struct c2d_client *service, const char *device_id,
                                            struct c2d_device_info **info, struct c2d_error *error);
C2D_API void c2d_device_info_free(struct c2d_device_info *info);

/* ---- Many operations at once ----
 * c2d_submit() hands an operation over and returns at once; c2d_wait() works until one has ended
 * and hands its result out. At most options.parallel requests are in flight, over as many
 * connections. Settlements go first. Sends to one device are done in the order of their submission.
 * An operation takes no place between two attempts. Clients that share have all this in common:
 * c2d_wait() on one of them hands out the results of all. One thread receives for a fleet of count
 * devices like this:
 *
 *     memset(&next, 0, sizeof next);
 *     for (i = 0; i < count; i++) {
 *         next.action = C2D_ACTION_RECEIVE;
 *         next.tag = devices[i];
 *         if (c2d_submit(devices[i], &next, &error) != C2D_OK)
 *             report(devices[i], &error);
 *     }
 *     while (c2d_wait(devices[0], -1, &result)) {
 *         device = (struct c2d_client *)result.tag;
 *         is_done = result.action == C2D_ACTION_RECEIVE && result.message == NULL;
 *         next.action = C2D_ACTION_RECEIVE;
 *         next.tag = device;
 *         if (result.message != NULL && keep(result.message)) {
 *             next.action = C2D_ACTION_SETTLE;
 *             next.outcome = C2D_COMPLETE;
 *             next.lock_token = result.message->lock_token;
 *         }
 *         if (result.error.status != C2D_OK && result.error.status != C2D_NO_MESSAGE)
 *             report(device, &result.error);
 *         if (!is_done && c2d_submit(device, &next, &error) != C2D_OK)
 *             report(device, &error);
 *         c2d_message_free(result.message);
 *     }
 */
enum c2d_action {
    C2D_ACTION_RECEIVE,
    C2D_ACTION_SETTLE,      /* lock_token, outcome */
    C2D_ACTION_SEND,        /* device_id, message */
    C2D_ACTION_DEVICE_INFO, /* device_id */
    C2D_ACTION_FEEDBACK,
    C2D_ACTION_FEEDBACK_SETTLE, /* lock_token, outcome */
    C2D_ACTION_PURGE,           /* device_id */
};

/* What the action does not use is left 0. device_id and message must live until the result is
 * handed out; lock_token is copied. */
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
    struct c2d_feedback *feedback;       /* likewise, for c2d_feedback_free() */
    struct c2d_device_info *device_info; /* likewise, for c2d_device_info_free() */
    int64_t purged;
    const void *spare[4];
    struct c2d_error error; /* as the action's own function fills it in */
};

/* Checks all that can be known beforehand: a status other than C2D_OK means that nothing was handed
 * over. C2D_OK says nothing of the outcome yet. */
C2D_API enum c2d_status c2d_submit(struct c2d_client *client, const struct c2d_request *request,
                                   struct c2d_error *error);
/* The next result. False, and nothing in *result, when timeout_ms (-1: no limit) have passed
 * without one or when nothing is under way. */
C2D_API bool c2d_wait(struct c2d_client *client, int timeout_ms, struct c2d_result *result);
/* Operations that were submitted and not handed out: 0 tells "nothing is under way" from "the time
 * is up". */
C2D_API size_t c2d_pending(const struct c2d_client *client);
/* Of them, those that wait for another attempt. */
C2D_API size_t c2d_backing_off(const struct c2d_client *client);
/* A descriptor for a main loop (poll, epoll, libevent, GLib), the same for all clients that share:
 * readable when c2d_wait(client, 0, ...) has something to do. Each time it is, call that once, or a
 * fixed number of times: what is left to do keeps it readable. One such call looks at 16 events at
 * most. Do not read or close it. -1 for NULL. */
C2D_API int c2d_fd(const struct c2d_client *client);

/* ==== Most programs need nothing of what follows. ==== */

/* ---- A hub that fails ----
 * With options.patience_ms. A hub fails where an attempt may succeed later: 408, 429, 5xx, hub
 * codes 400024 and 404012, no connection, no response. Then all operations pause but settlements,
 * whose locks expire. One attempt at a time, after the usual back-off, finds out whether the hub
 * works again; any response that is no such failure ends the pause.
 *
 * These failures take nothing of timeout_ms and count as no retry, with two exceptions: an attempt
 * that was written and got no response, and if retries is 0, a response that leaves the outcome in
 * doubt. After patience_ms of nothing but failures the operations that wait end with the last one
 * and error->gave_up. An operation that fails for so long while others succeed ends, too.
 *
 * ---- Clocks that differ ----
 * After a 401 whose Date differs from our clock, tokens and expiries go by the hub's clock; a
 * C2D_EVENT_WARNING says so once. The first attempt of clients that share stays alone for 2 s at
 * most, so that such a 401 comes once. A ttl_s is counted by c2d_send() from its first attempt, by
 * c2d_submit() from each attempt until one is in doubt. A warning says once if the Date of a
 * response shows that the expiry is off by more than a tenth of ttl_s. */

/* ---- Watching ---- */
enum c2d_event_kind {
    C2D_EVENT_ATTEMPT, /* an attempt ended: method, path, attempt, http_status, elapsed_ms, text */
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
    int http_status;  /* 0: no response; text says why */
    int64_t elapsed_ms;
    const char *text;
    size_t text_size;
    const char *const *headers; /* "Name: value", header_count of them */
    size_t header_count;
    const void *body;
    size_t body_size;
};

/* ---- What is wrong? ---- */
/* The peer of a connection, as far as it was established. */
struct c2d_connection {
    char address[64];              /* IP of the hub or the proxy: reached, else tried last; "" */
    int port;                      /* that was reached; 0: none */
    char tls_version[16];          /* of the hub's TLS, "TLSv1.3"; "": no handshake with it */
    char issuer[256];              /* of the certificate that was shown */
    int64_t certificate_ends_at_s; /* its last moment; 0: not known */
    uint64_t spare[2];
};

/* What a client is made of and what it met on its way; texts live as long as client. */
struct c2d_probe {
    size_t key_size;              /* of the SharedAccessKey, bytes; 0: there is none */
    const char *certificate;      /* subject of the client's own; NULL: it has none */
    int64_t credentials_end_at_s; /* of certificate or ready token; 0: never */
    const char *proxy;            /* scheme://host:port; NULL: the hub is reached without one */
    struct c2d_connection connection;
    int64_t hub_time_s; /* by a response, where it can be trusted; 0: none */
    int64_t own_time_s; /* this machine's clock at that moment */
    uint64_t spare[4];
};

/* Completes a lock that cannot exist, a message's or for the back end a feedback batch's, to see
 * how far a request comes. C2D_OK: these credentials may receive (the back end's: read feedback),
 * as they are or, where hub_time_s differs, by the hub's time. Else error->step says where it got
 * stuck. Only a 401 is tried once more. *probe is filled in as far as it came. */
C2D_API enum c2d_status c2d_probe(struct c2d_client *client, struct c2d_probe *probe,
                                  struct c2d_error *error);

/* ---- Shared access signatures ---- */
/* Signs a token that is good for ttl_s seconds from now, 1 s to 100 years, by the hub's clock if a
 * 401 has shown that ours is off: for the hub, or for device_id alone; a device signs for itself
 * (device_id NULL). No network. The token is a secret: wipe it. */
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

/* ---- JSON ---- */
/* A one-line JSON object without newline; NULL when out of memory. The body stands as "utf8" text,
 * or as base64 where it is no UTF-8 or holds NUL; without body, only its size does. */
C2D_API char *c2d_message_to_json(const struct c2d_message *message, bool with_body);
/* Reads back what c2d_message_to_json() wrote with a body: the same bytes, but for names, and
 * values that others override, which are no UTF-8. C2D_DATA when json is no such object. *message
 * is NULL on any failure; free it with c2d_message_free(). */
C2D_API enum c2d_status c2d_message_from_json(struct c2d_message **message, const char *json,
                                              size_t size, struct c2d_error *error);

/* Record index of a batch as a one-line JSON object; NULL when out of memory, or out of range. */
C2D_API char *c2d_feedback_to_json(const struct c2d_feedback *feedback, size_t index);

/* A message to be sent as one JSON object, for batches and scripts:
 * {"deviceId","body"|"bodyBase64","messageId","correlationId","userId","contentType",
 * "contentEncoding","expiry" (RFC 3339)|"ttl" (seconds, or "90s", "10m", "2h", "1d"),
 * "ack","properties":{}}; no member is needed, and a value is a string where nothing is said. */
struct c2d_outgoing {
    const char *device_id; /* NULL: none was named */
    struct c2d_message message;
};

/* C2D_DATA says what is wrong: an unknown or repeated member, another type, \u0000, invalid UTF-8,
 * text after the object. What the wire can carry is checked by the send. *outgoing is NULL on any
 * failure. */
C2D_API enum c2d_status c2d_outgoing_from_json(struct c2d_outgoing **outgoing, const char *json,
                                               size_t size, struct c2d_error *error);
C2D_API void c2d_outgoing_free(struct c2d_outgoing *outgoing);

/* ---- Text ---- */
/* C2D_DATA, with the character named, for an id or token that no request can carry. */
C2D_API enum c2d_status c2d_check_device_id(const char *device_id, struct c2d_error *error);
C2D_API enum c2d_status c2d_check_lock_token(const char *lock_token, struct c2d_error *error);

/* "none", "positive", "negative", "full", or NULL for C2D_ACK_UNSET; and back: C2D_ACK_UNSET for
 * any other word. */
C2D_API const char *c2d_ack_name(enum c2d_ack ack);
C2D_API enum c2d_ack c2d_ack_from_name(const char *name);
/* A random UUID, for a message id. C2D_OS when the system has no randomness. */
C2D_API enum c2d_status c2d_uuid(char text[37]);
/* size bytes as a JSON string literal in valid UTF-8 that is safe to show: controls, also those of
 * the direction of writing, are escaped, bytes that are not UTF-8 become U+FFFD. NULL when out of
 * memory, as the two below. */
C2D_API char *c2d_json_quote(const void *text, size_t size);
/* size bytes as printable text: controls and invalid UTF-8 as \xNN. */
C2D_API char *c2d_printable(const void *text, size_t size);
/* text as one word of a POSIX shell's command line, in single quotes where it needs them. */
C2D_API char *c2d_shell_word(const char *text);
/* Reads a time in the forms in which hubs write it; without a zone it is UTC. False, and nothing in
 * *ms, for anything else, and for NULL. */
C2D_API bool c2d_time_parse(const char *text, int64_t *ms);

#ifdef __cplusplus
}
#endif

#endif
