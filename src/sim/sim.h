/* sim: the hub on this machine; what its parts know of one another. */
#ifndef SIM_H
#define SIM_H

#include <cjson/cJSON.h>
#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

/* ---- util.c: memory, text, time and secrets */
/* The exit codes that c2d-sim has of its own. */
enum exit_code { EXIT_OK = 0, EXIT_USAGE = 64, EXIT_OS = 71, EXIT_CANTCREAT = 73, EXIT_IOERR = 74 };

/* Prints "c2d-sim: error: NAME: text" and returns code, whose NAME it is. */
int report(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory never fails: when there is none left, the hub ends with EXIT_OS and says so, because one
 * that went on without some message or header would fail a test for no reason of the test's.
 * After memory_share(), libevent and cJSON allocate here too, and their failures need no check. */
void memory_share(void);
void *memory_new(size_t size); /* zeroed */
/* The formatted text; free with free(). */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Decodes %XX in place. False if an escape is broken or stands for NUL; text is then half done. */
bool text_percent_decode(char *text);
/* Reads text, all ASCII digits, into number. False if it is none from min to max. */
bool text_number(const char *text, int64_t min, int64_t max, int64_t *number);
/* Is text one or more ASCII letters, digits and characters of extra? */
bool text_consists_of(const char *text, const char *extra);
#define TOKEN_EXTRA "!#$%&'*+-.^_`|~" /* the other characters of an HTTP token */
bool text_is_device_id(const char *text);
/* Is word one of words, which stand between blanks? */
bool text_is_word(const char *word, const char *words);
/* Returns what follows a start of text that has digits where shape has 'd', and elsewhere shape's
 * own characters; NULL if text starts otherwise. */
const char *text_skip_shape(const char *text, const char *shape);

enum { TIME_SIZE = 40, GUID_SIZE = 37, HASH_SIZE = 32 };
/* Write UTC and return text: 2026-01-31T12:00:00.0000000Z; Sat, 31 Jan 2026 12:00:00 GMT. */
const char *time_iso(int64_t time_ms, char text[static TIME_SIZE]);
const char *time_http(int64_t time_ms, char text[static TIME_SIZE]);
/* Reads ISO 8601 with Z or an offset, up to seven digits of fraction; the rest of a ms is cut. */
bool time_parse_iso(const char *text, int64_t *time_ms);

/* No random bytes end the hub, like no memory. */
void random_bytes(void *data, size_t size);
/* Makes a version 4 GUID in lower case; returns guid. */
const char *random_guid(char guid[static GUID_SIZE]);
void hmac_sha256(const void *key, size_t key_size, const char *text,
                 unsigned char hash[static HASH_SIZE]);
/* Characters and NUL of size bytes in base64. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
/* text has room for BASE64_SIZE(size). */
void base64_encode(const void *data, size_t size, char *text);
/* Decodes strict base64 (whole groups, padded). NULL if it is none. Free with free(). */
unsigned char *base64_decode(const char *text, size_t *size);

/* ---- json.c */
/* Appends tree as UTF-8 text and deletes it. Bytes in it that are no UTF-8, as headers may bring,
 * are taken for Latin-1. */
void json_write(struct evbuffer *out, cJSON *tree);
/* Add a member; text NULL is null. */
void json_put(cJSON *object, const char *name, const char *text);
void json_put_number(cJSON *object, const char *name, uint64_t number);
/* A member of an object; if there is none of that type: NULL, NULL, fallback, false. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_text(const cJSON *object, const char *name);
int64_t json_number(const cJSON *object, const char *name, int64_t fallback);
bool json_flag(const cJSON *object, const char *name);
/* Appends [[name,value],…] as header lines, or only checks it if lines is NULL; a value may be
 * {"base64":"…"}. False if it is not such an array. */
bool json_header_lines(const cJSON *pairs, struct evbuffer *lines);

/* A rule is for members of these names, which stand between blanks. Headers are what
 * json_header_lines() takes, properties {name:text} or [[name,text],…]. */
struct json_rule {
    const char *names;
    enum {
        JSON_TEXT,
        JSON_WORD,
        JSON_FLAG,
        JSON_NUMBER,
        JSON_REAL,
        JSON_TEXT_OR_NUMBER,
        JSON_BASE64,
        JSON_HEADERS,
        JSON_TEXTS,
        JSON_LIST,
        JSON_PROPERTIES
    } type;
    int64_t min; /* of a number, which is whole but for JSON_REAL, or of base64's bytes */
    int64_t max;
    const char *words; /* of which a word is one */
};

enum { JSON_ERROR_SIZE = 160, JSON_MANY = 1000000000 };
/* Does object follow the rules (the last has no names), each member once and no other? If not,
 * error says why not. */
bool json_check(const cJSON *object, const struct json_rule *rules,
                char error[static JSON_ERROR_SIZE]);

/* ---- http.c: requests and answers as bytes */
/* What a request may cost before it is refused. */
enum { HTTP_HEAD_MAX = 64 << 10, HTTP_BODY_MAX = 1 << 20, HTTP_HEADERS_MAX = 1000 };

struct http_request {
    char *head; /* owns the text that the members below point into; NULL: there is no request */
    const char *method;
    const char *target;
    struct http_header {
        char *name;
        char *value; /* without the blanks around it */
    } * headers;
    size_t header_count;
    char *body; /* followed by a NUL */
    size_t body_size;
    bool close; /* the client wants, or HTTP/1.0 demands, one answer per connection */
    bool expects_continue;
    /* The status of the answer that refuses the request for its HTTP; 0 if it is fit to serve.
     * A refused request may lack its method, its target and some headers: then they are "". */
    int problem;
};

struct http_response {
    int status;
    const char *reason;       /* NULL: the usual phrase */
    struct evbuffer *headers; /* whole lines, each with its CRLF */
    struct evbuffer *body;
    const char *raw; /* sent instead of an HTTP answer; NULL: none */
    /* How the answer leaves: all false, and cut_after -1, for the usual manner. */
    struct http_manner {
        bool close;        /* end the connection behind the answer */
        bool drop;         /* send nothing and close */
        bool reset;        /* where the connection is closed: by RST */
        bool bare_close;   /* close without TLS close_notify */
        bool unframed;     /* no length: the body ends with the connection */
        bool trickle;      /* one byte at a time */
        int64_t cut_after; /* send that many bytes and close */
        int64_t delay_ms;  /* of real time */
    } manner;
};

/* Takes over head, the bytes up to and with the empty line, and reads request from it. The
 * request's body_size is then what the client announced. */
void http_request_parse(struct http_request *request, char *head, size_t size);
/* The first header of that name, NULL if there is none. */
const char *http_request_header(const struct http_request *request, const char *name);
void http_request_clear(struct http_request *request);
/* Makes response an empty 200 in the usual manner. */
void http_response_reset(struct http_response *response);
/* Appends a header; an empty value stays a header. */
void http_response_header(struct http_response *response, const char *name, const char *value);
/* Appends the headers that frame the body. */
void http_response_frame(struct http_response *response);
/* Moves the bytes of the answer to wire. is_head: the body is announced and not sent. */
void http_response_write(struct http_response *response, bool is_head, struct evbuffer *wire);

/* ---- tls.c */
struct ssl_st;
struct ssl_ctx_st;

/* A TLS 1.2+ server context whose fresh certificate for localhost (and for host, if that is an
 * address and not NULL) is signed by a fresh CA; the CA's certificate is appended to ca_pem.
 * A client certificate is asked for, and any is taken. NULL on failure. */
struct ssl_ctx_st *tls_new(const char *host, struct evbuffer *ca_pem);
/* The thumbprints of the client's certificate, SHA-1 and SHA-256, in upper-case hex; "": none. */
void tls_thumbprints(const struct ssl_st *ssl, char sha1[static 41], char sha256[static 65]);

/* ---- server.c: TLS connections, whose requests go to call_handle() */
LIST_HEAD(connection_list, connection);

struct server {
    struct event_base *base;
    struct ssl_ctx_st *tls;
    struct hub *hub;
    struct evconnlistener *listener;
    struct connection_list connections;
    uint64_t last_serial;
    int port;
};

/* Listens on an address, or on 127.0.0.1 if host is NULL; port 0 takes a free one. False with
 * errno set, or 0 if host is no address. */
bool server_listen(struct server *server, const char *host, const char *port);
/* Ends all connections and listens no more. */
void server_clear(struct server *server);

/* ---- hub.c, queue.c: devices and their messages */
enum { KEY_MAX = 256, DEVICES_MAX = 200000, QUEUE_MAX = 50, HOUR_MS = 60 * 60 * 1000 };

enum permission { REGISTRY_READ = 1, SERVICE_CONNECT = 2, DEVICE_CONNECT = 4 };

/* The ways in which a message leaves its queue, as feedback and counters know them. */
enum outcome {
    OUTCOME_SUCCESS,
    OUTCOME_EXPIRED,
    OUTCOME_DELIVERY_COUNT_EXCEEDED,
    OUTCOME_REJECTED,
    OUTCOME_PURGED,
    OUTCOME_ABANDONED, /* which it does not leave */
    OUTCOME_COUNT,
};

struct message {
    TAILQ_ENTRY(message) link;
    /* What its sender gave: the members of system_properties and "ack" as texts, the object
     * "properties" (order, case and duplicates as sent), "rawHeaders" for json_header_lines().
     * In the feedback queue: an array of records. */
    cJSON *given;
    char *body;
    size_t body_size;
    uint64_t sequence_number;
    int64_t enqueued_ms;
    int64_t expires_ms;
    int64_t locked_until_ms; /* 0: not locked */
    char lock_token[GUID_SIZE];
    unsigned delivery_count;
};

TAILQ_HEAD(message_list, message);

/* Messages in the order of their sequence numbers. A locked message keeps its place, so one that
 * comes back is where it was. */
struct queue {
    struct hub *hub;
    const struct device *device; /* NULL: this is the feedback queue */
    struct message_list messages;
    unsigned depth;
    uint64_t enqueued; /* all time; also the last sequence number given */
    uint64_t delivered;
    uint64_t ended[OUTCOME_COUNT];
};

struct secret {
    unsigned char bytes[KEY_MAX];
    size_t size;
};

struct device {
    char id[129]; /* first, so that a device can be found by an id alone */
    char generation_id[24];
    bool is_disabled;
    char thumbprint[65]; /* upper-case hex of an X.509 device; "": it has a key */
    struct secret key;
    struct queue queue;
};

struct hub {
    int64_t start_ms; /* wall clock and monotonic clock at the start */
    int64_t start_monotonic_ms;
    int64_t time_scale;
    int64_t offset_ms;
    char *host_name;               /* localhost:PORT */
    char *listen_host;             /* the address that was asked for; NULL: none */
    unsigned char seed[HASH_SIZE]; /* of the keys */
    struct policy {
        const char *name;
        unsigned permissions;
        struct secret key;
    } policies[2];
    struct device **devices; /* in the order of their making */
    size_t device_count;
    size_t first_count; /* the first ones, that a reset leaves */
    void *by_id;        /* tree of the devices, see tsearch(3) */
    struct throttle {
        int64_t per_minute; /* 0: off */
        int64_t window_start_ms;
        int64_t used;
    } sends, receives;
    struct queue feedback;
    struct message *open_batch; /* of feedback; NULL: none */
    cJSON *faults;              /* array, see faults.c */
    int last_fault;
    cJSON *log; /* array of the last requests */
    int log_size;
    uint64_t requests;
    uint64_t connections;
    int64_t swept_ms;
};

void hub_init(struct hub *hub, int64_t time_scale);
/* Back to the start, but for the clock's pace, the keys and the connections' serial numbers. */
void hub_reset(struct hub *hub);
void hub_clear(struct hub *hub);
int64_t hub_now_ms(const struct hub *hub);
/* A new device with a key of its own; id must be valid and new. NULL if the hub is full. */
struct device *hub_add_device(struct hub *hub, const char *id);
/* NULL if there is none. */
struct device *hub_find_device(const struct hub *hub, const char *id);
const struct policy *hub_find_policy(const struct hub *hub, const char *name);
/* The connection string of a device, or of a policy if device is NULL; free with free(). */
char *hub_connection_string(const struct hub *hub, const struct policy *policy,
                            const struct device *device);
/* Sweeps all queues, so that what is due has happened. */
void hub_sweep(struct hub *hub, int64_t now_ms);

/* Takes given over and copies the body. */
struct message *message_new(cJSON *given, const void *body, size_t size);
void message_free(struct message *message);
void queue_init(struct queue *queue, struct hub *hub, const struct device *device);
/* Takes message over and numbers it. The queue must have room. */
void queue_append(struct queue *queue, struct message *message, int64_t now_ms);
/* Ends lapsed locks, dead-letters what has expired. Locking, settling, purging do it first. */
void queue_sweep(struct queue *queue, int64_t now_ms);
/* Locks the first free message. NULL if there is none. */
struct message *queue_lock(struct queue *queue, int64_t now_ms);
/* False if token locks no message (any more). */
bool queue_settle(struct queue *queue, const char *token, enum outcome outcome, int64_t now_ms);
/* Ends all messages, locked ones too; returns how many. */
unsigned queue_purge(struct queue *queue, int64_t now_ms);
void queue_clear(struct queue *queue);
/* Closes the open batch of feedback if it is due. */
void feedback_sweep(struct hub *hub, int64_t now_ms);

/* ---- calls.c, auth.c, operations.c: requests */
/* One request on its way through the hub. A device call is one that wants DEVICE_CONNECT. */
struct call {
    uint64_t connection; /* serial number, from 1 */
    bool is_loopback;
    char sha1[41]; /* see tls_thumbprints() */
    char sha256[65];
    struct http_request request;
    struct http_response response;

    struct hub *hub; /* this and the following are set by call_handle() */
    int64_t now_ms;
    char device_id[129]; /* "": none */
    char token[129];     /* of a lock; "": none */
    char api_version[32];
    enum permission permission; /* that is needed; 0: no route */
    enum outcome outcome;       /* of a settlement */
    struct device *device;      /* NULL: none, or none of that id */
    const char *shape;          /* of errors: text, nested, empty, html; NULL: what is usual */
    bool effect;                /* the request was honoured */
};

/* How a text of a message is called where; the last has no names. */
extern const struct system_property {
    const char *header;
    const char *json;
    const char *also; /* NULL, or the header that a receive has it in, and a send may have */
    const char *old;  /* what a receive calls that up to api-version 2021-04-12 */
} system_properties[];

/* Answers call->request in call->response. */
void call_handle(struct hub *hub, struct call *call);
/* Copies the decoded value of a query member to value; false if the member is not there or its
 * value is broken or too long. A member without = is "". */
bool query_value(const char *target, const char *name, char *value, size_t size);
/* May it? If not, is_readable says whether there is a token that can be read. */
bool auth_check(const struct call *call, bool *is_readable);
/* Makes the answer an error of the hub in call->shape: 404001 DeviceNotFound with 404. */
void call_fail(struct call *call, int number, const char *name, const char *text);
/* The same with any status; number may be 0, and name NULL: the hub's code is left out. */
void call_fail_as(struct call *call, int status, int number, const char *name, const char *text);
/* The operations. The caller is authorised; call->device is there where the route has an id. */
void operation_send(struct call *call);
void operation_receive(struct call *call);
void operation_settle(struct call *call);
void operation_feedback(struct call *call);
void operation_purge(struct call *call);
void operation_status(struct call *call);

/* ---- faults.c, control.c: what a test asks of the hub */
/* Notes the fault that definition describes and returns its number; 0 if error says what is wrong
 * with it. */
int fault_add(struct hub *hub, const cJSON *definition, char error[static JSON_ERROR_SIZE]);
/* The definition of the first fault that has this request to touch, used up by one, or NULL. */
const cJSON *fault_match(struct hub *hub, const char *operation, const char *device_id);
/* Does the fault stand in for the effect? Then the answer is made. */
bool fault_answer(const cJSON *fault, struct call *call);
/* Spoils and finishes the answer, which then borrows texts from fault. */
void fault_apply(const cJSON *fault, struct call *call);

/* Serves a request to /_sim/…, which only a loopback peer may make. */
void control_handle(struct hub *hub, struct call *call);

/* ---- files.c: the folder with what a client needs: CA, connection strings, env */
struct files {
    int fd;     /* -1: not open */
    char *path; /* absolute */
    bool is_temporary;
    struct evbuffer *names; /* of what was written, as lines */
};

/* Opens dir, made if missing; a fresh temporary one if dir is NULL. Writes everything, and sets
 * the variables of env for this process, too. False with errno set. files is to be cleared in any
 * case. */
bool files_write(struct files *files, const char *dir, const struct hub *hub,
                 struct evbuffer *ca_pem);
/* Removes a temporary folder and what was written there. */
void files_clear(struct files *files);

#endif
