/* What the wire can carry, in one place. Sources: the hub's documents (wire limits). */
#ifndef LIMITS_H
#define LIMITS_H

enum {
    LIMIT_CONNECTION_STRING = 4096,
    LIMIT_DEVICE_ID = 128,
    LIMIT_MESSAGE_ID = 128,
    LIMIT_SKEW_S = 5 * 60,          /* between two clocks; a hub tolerates it too */
    LIMIT_LOCK_TOKEN = 1024,        /* a GUID so far */
    LIMIT_EXPIRY_S = 2 * 24 * 3600, /* the longest time to live */
    LIMIT_PROPERTIES = 900,         /* of a message sent: no server takes more header lines */
    LIMIT_JSON_DEPTH = 32,
};

#endif
