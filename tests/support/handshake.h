/* TLS handshakes in memory between a server with a certificate for hub.test and a client whose
 * sessions go through a TLS cache in the folder dir. */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "http/tls_cache.h"

#include <openssl/ssl.h>

enum { DAY_S = 24 * 3600 };

struct world {
    SSL_CTX *server, *client;
    struct tls_cache cache;
    int64_t now_s; /* the time of the cache */
    bool resumed;  /* the last handshake */
};

/* version: the highest of the server; good_for_s: how long its certificate is valid. */
void world_init(struct world *world, int version, long good_for_s);
void world_clear(struct world *world);
/* Returns a client that requests this name; free it with SSL_free(). */
SSL *new_client(struct world *world, const char *name);
/* A whole handshake, which offers what the cache has and keeps the session. */
void shake_hands(struct world *world, const char *name);
/* True if the cache of world offers a session. */
bool world_offers(struct world *world);
/* True if this cache offers a session at this time. */
bool world_offers_at(struct world *world, const struct tls_cache *cache, int64_t now_s);

#endif
