#include "identity.h"

#include "base/hash.h"

/* Host names are case-insensitive. */
static uint64_t hash_host(uint64_t value, const char *host)
{
    for (; *host != '\0'; host++) {
        unsigned char byte = (unsigned char)*host;

        byte = (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
        value = hash_bytes(value, &byte, 1);
    }
    return value;
}

uint64_t identity_hash(const struct c2d_client *client)
{
    uint64_t value = hash_host(HASH_START, c2d_client_host(client));

    return hash_text(hash_text(value, "/"), c2d_client_device_id(client));
}
