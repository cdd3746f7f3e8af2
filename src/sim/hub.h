/* The state of the hub: devices, policies, clock and throttles. */
#ifndef SIM_HUB_H
#define SIM_HUB_H

#include "feedback.h"

enum { KEY_MAX = 256, DEVICES_MAX = 200000 };

#define HUB_NAME "localhost" /* the default name */

enum permission { REGISTRY_READ = 1, SERVICE_CONNECT = 2, DEVICE_CONNECT = 4 };

struct secret {
    unsigned char bytes[KEY_MAX];
    size_t size;
};

struct device {
    char id[129]; /* first: compare_ids() compares devices with ids */
    char generation_id[24];
    bool is_disabled;
    char thumbprint[65]; /* of an X.509 device, in upper-case hex; "": none */
    bool is_ca_signed;   /* an X.509 device with a certificate that a registered CA has signed */
    struct secret key;
    struct queue queue;
    struct feedback *feedback; /* the hub's */
};

struct hub {
    int64_t start_ms; /* wall clock and monotonic clock at the start */
    int64_t start_monotonic_ms;
    int64_t time_scale;
    int64_t offset_ms;
    const char *name;              /* host name in connection strings and tokens */
    int port;                      /* that the hub listens on */
    char *listen_host;             /* the address of --listen, as in a URL; NULL: the default */
    unsigned char seed[HASH_SIZE]; /* the keys are derived from it */
    struct policy {
        const char *name;
        unsigned permissions;
        struct secret key;
    } policies[2];
    struct device **devices; /* in the order of creation */
    size_t device_count;
    size_t initial_count; /* those of the command line, which a reset keeps */
    void *by_id;          /* tree of the devices, see tsearch(3) */
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

/* Borrows name. */
void hub_init(struct hub *hub, const char *name, int64_t time_scale);
/* Restores the state after the start. Keeps time_scale, seed and the serial numbers of connections.
 */
void hub_reset(struct hub *hub);
void hub_clear(struct hub *hub);
int64_t hub_now_ms(const struct hub *hub);
/* How far the hub's clock is ahead of real time; negative: behind it. */
int64_t hub_ahead_ms(const struct hub *hub);
/* Adds a device with its own key. id must be valid and new. NULL: there are DEVICES_MAX already. */
struct device *hub_add_device(struct hub *hub, const char *id);
bool device_has_key(const struct device *device); /* false: an X.509 device */
/* Return NULL if not found. */
struct device *hub_find_device(const struct hub *hub, const char *id);
const struct policy *hub_find_policy(const struct hub *hub, const char *name);
/* Returns the connection string of device, or of policy if device is NULL, the caller's to free().
 */
char *hub_connection_string(const struct hub *hub, const struct policy *policy,
                            const struct device *device);
/* Sweeps the feedback, and the queues of all devices, but these at most once a second. */
void hub_sweep(struct hub *hub, int64_t now_ms);

#endif
