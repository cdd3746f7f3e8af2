/* A model network behind the transport of the library: it loses, delays, cuts and forges. */
#ifndef NETWORK_H
#define NETWORK_H

#include "hub.h"

enum weather { WEATHER_FAIR, WEATHER_ROUGH, WEATHER_OUTAGE, WEATHER_FILTER, WEATHER_REWRITING };

/* What all transports of a run have in common. */
struct network {
    struct world *world;
    struct model_hub *hub;
    enum weather weather;
    struct task **pending;  /* for each device, then for the feedback: the operations under way */
    uint64_t *known_tokens; /* hashes of the tokens that were verified, for each device */
    unsigned *last_sends;   /* for each device: the latest send that has been started */
    unsigned waits;         /* without progress: a sign of an endless loop */
};

/* Returns a transport of its own over network. */
struct http_transport network_transport(struct network *network);
/* Registers an operation, so that its requests are recognised, and removes it. */
void network_add_task(struct network *network, struct task *task);
void network_remove_task(struct network *network, struct task *task);
/* Ends the process: the run cannot go on, and the seed repeats it. */
_Noreturn void network_abort(const struct network *network, const char *reason);
/* Lets everything arrive that is still under way. */
void network_settle_down(struct network *network);

/* network_request.c */
/* Reads a request as a hub would. Returns false, with a violation, if nobody asked for it. */
bool network_read_request(struct network *network, const struct http_request *http,
                          struct model_request *request);
void network_device_id(size_t device, char id[static 40]);
/* Returns the connection string of a device, or of the back end (device_count). */
void network_connection_string(const struct network *network, size_t device, char text[static 256]);

#endif
