#include "identity.h"

/* FNV-1a, 64 bits: a name for a file, not a secret. */
static uint64_t hash(uint64_t value, const char *text)
{
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 0x100000001b3;
    return value;
}

/* Names of hosts have no case. */
static uint64_t hash_host(uint64_t value, const char *host)
{
    for (; *host != '\0'; host++) {
        unsigned char byte = (unsigned char)*host;

        value = (value ^ (byte >= 'A' && byte <= 'Z' ? byte + 32U : byte)) * 0x100000001b3;
    }
    return value;
}

uint64_t identity_hash(const struct c2d_client *client)
{
    uint64_t value = hash_host(0xcbf29ce484222325, c2d_client_host(client));

    return hash(hash(value, "/"), c2d_client_device_id(client));
}
