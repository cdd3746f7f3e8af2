/* Limits of ids, messages and tokens [hub docs], and of data that is read. */
#ifndef LIMITS_H
#define LIMITS_H

enum {
    LIMIT_CONNECTION_STRING = 4096,
    LIMIT_DEVICE_ID = 128,
    LIMIT_MESSAGE_ID = 128,
    LIMIT_SKEW_S = 5 * 60,          /* tolerated between two clocks, as hubs do */
    LIMIT_LOCK_TOKEN = 1024,        /* hubs send a GUID */
    LIMIT_EXPIRY_S = 2 * 24 * 3600, /* the longest time to live */
    LIMIT_PROPERTIES = 900,         /* of a sent message: servers limit the number of headers */
    LIMIT_JSON_DEPTH = 32,
};

#endif
