#ifndef SIM_HUB_H
#define SIM_HUB_H

#include "fault.h"
#include "log.h"
#include "queue.h"
#include "table.h"

enum { KEY_MAX = 256, DEVICES_MAX = 200000, POLICY_COUNT = 2 };

enum permission {
    PERMISSION_REGISTRY_READ = 1,
    PERMISSION_SERVICE_CONNECT = 2,
    PERMISSION_DEVICE_CONNECT = 4,
};

struct secret {
    unsigned char bytes[KEY_MAX];
    size_t size;
};

struct policy {
    const char *name;
    unsigned permissions;
    struct secret key;
};

struct device {
    char id[129];
    char generation_id[24];
    bool is_disabled;
    char thumbprint[65]; /* upper-case hex of an X.509 device; "": it has a key */
    struct secret key;
    struct queue queue;
};

struct device_list {
    struct device **items; /* in the order of their making */
    size_t count;
    size_t capacity;
    struct table by_id;
};

struct throttle {
    int64_t per_minute; /* 0: off */
    int64_t window_start_ms;
    int64_t used;
};

struct hub {
    int64_t start_ms; /* wall clock and monotonic clock at the start */
    int64_t start_monotonic_ms;
    int64_t time_scale;
    int64_t offset_ms;
    char *host_name;   /* localhost:PORT */
    char *listen_host; /* the address that was asked for; NULL: none */
    struct policy policies[POLICY_COUNT];
    struct device_list devices;
    struct secret *first_keys; /* of the devices that a reset leaves: the first ones */
    size_t first_count;
    struct throttle sends;
    struct throttle receives;
    struct feedback feedback;
    struct fault_list faults;
    struct log log;
    uint64_t requests;
    uint64_t connections;
    int64_t swept_ms;
};

/* Starts the clock and makes the policies' keys. False if the system has no random bytes. hub is
 * to be cleared in any case. */
bool hub_init(struct hub *hub, int64_t time_scale);
void hub_clear(struct hub *hub);
/* The devices there are now are those that every reset goes back to. False when out of memory. */
bool hub_keep_devices(struct hub *hub);
/* Back to the start, but for the clock's pace and the serial numbers. False when out of memory. */
bool hub_reset(struct hub *hub);

int64_t hub_now_ms(const struct hub *hub);
/* Counts one operation; false if it is over the limit. */
bool throttle_pass(struct throttle *throttle, int64_t now_ms);

/* A new device with a random key; id must be valid and new. NULL if the hub is full or memory or
 * random bytes are short. */
struct device *hub_add_device(struct hub *hub, const char *id);
/* NULL if there is none. */
struct device *hub_find_device(const struct hub *hub, const char *id);
const struct policy *hub_find_policy(const struct hub *hub, const char *name);
/* Sweeps all queues and the feedback, so that what is due has happened. */
void hub_sweep(struct hub *hub, int64_t now_ms);

/* Append the connection string. */
void hub_format_policy(const struct hub *hub, const struct policy *policy, struct buf *out);
void hub_format_device(const struct hub *hub, const struct device *device, struct buf *out);

#endif
