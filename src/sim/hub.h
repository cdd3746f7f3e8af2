/* hub: the devices, the policies, the clock and the throttles. */
#ifndef SIM_HUB_H
#define SIM_HUB_H

#include "feedback.h"

enum { KEY_MAX = 256, DEVICES_MAX = 200000 };

#define HUB_NAME "localhost" /* the usual name */

enum permission { REGISTRY_READ = 1, SERVICE_CONNECT = 2, DEVICE_CONNECT = 4 };

struct secret {
    unsigned char bytes[KEY_MAX];
    size_t size;
};

struct device {
    char id[129]; /* first, so that a device can be found by an id alone */
    char generation_id[24];
    bool is_disabled;
    char thumbprint[65]; /* upper-case hex of an X.509 device; "": none */
    bool is_ca_signed;   /* an X.509 device whose certificate a registered CA has signed */
    struct secret key;
    struct queue queue;
    struct feedback *feedback; /* the hub's */
};

struct hub {
    int64_t start_ms; /* wall clock and monotonic clock at the start */
    int64_t start_monotonic_ms;
    int64_t time_scale;
    int64_t offset_ms;
    const char *name;              /* of the host in connection strings and tokens */
    int port;                      /* that it listens on */
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
    struct x509_store_st *authorities; /* registered CAs, see tls.h; NULL: none */
    struct feedback feedback;
    cJSON *faults; /* array, see faults.c */
    int last_fault;
    cJSON *log; /* array of the last requests */
    int log_size;
    uint64_t requests;
    uint64_t connections;
    int64_t swept_ms;
};

/* name is borrowed. */
void hub_init(struct hub *hub, const char *name, int64_t time_scale);
/* Back to the start, but for the clock's pace, the keys and the connections' serial numbers. */
void hub_reset(struct hub *hub);
void hub_clear(struct hub *hub);
int64_t hub_now_ms(const struct hub *hub);
/* By how much that is later than real time. */
int64_t hub_ahead_ms(const struct hub *hub);
/* A new device with a key of its own; id must be valid and new. NULL if the hub is full. */
struct device *hub_add_device(struct hub *hub, const char *id);
bool device_has_key(const struct device *device); /* else a certificate */
/* NULL if there is none. */
struct device *hub_find_device(const struct hub *hub, const char *id);
const struct policy *hub_find_policy(const struct hub *hub, const char *name);
/* The connection string of a device, or of a policy if device is NULL; free with free(). */
char *hub_connection_string(const struct hub *hub, const struct policy *policy,
                            const struct device *device);
/* Sweeps all queues, so that what is due has happened. */
void hub_sweep(struct hub *hub, int64_t now_ms);

#endif
