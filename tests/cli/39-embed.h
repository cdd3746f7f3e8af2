/* What the programs share that use the library as an application does. The hub, its devices and
 * their common key come from the environment: IOTHUB_CONNECTION_STRING, SSL_CERT_FILE, FLEET_KEY.
 * The devices are f0, f1, f2 and so on. */
#ifndef EMBED_H
#define EMBED_H

#include "c2d.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the process at once: other threads may be at work. */
static inline void embed_fail(const char *what, const struct c2d_error *error)
{
    fprintf(stderr, "%s: %s %s\n", what, error == NULL ? "" : c2d_status_name(error->status),
            error == NULL ? "" : error->text);
    _exit(1);
}

static inline const char *embed_env(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        embed_fail(name, NULL);
    return value;
}

static inline struct c2d_options embed_options(int parallel, struct c2d_client *share)
{
    struct c2d_options options = c2d_options_default();

    options.ca_file = embed_env("SSL_CERT_FILE");
    options.parallel = parallel;
    options.share = share;
    return options;
}

static inline struct c2d_client *embed_new(const char *string, const struct c2d_options *options)
{
    struct c2d_client *client;
    struct c2d_error error;

    if (c2d_client_new(&client, string, options, &error) != C2D_OK)
        embed_fail("c2d_client_new", &error);
    return client;
}

static inline struct c2d_client *embed_service(int parallel, struct c2d_client *share)
{
    struct c2d_options options = embed_options(parallel, share);

    return embed_new(embed_env("IOTHUB_CONNECTION_STRING"), &options);
}

static inline struct c2d_client *embed_device(unsigned number, int parallel,
                                              struct c2d_client *share)
{
    struct c2d_options options = embed_options(parallel, share);
    const char *hub = embed_env("IOTHUB_CONNECTION_STRING");
    char text[1024];

    snprintf(text, sizeof text, "%.*s;DeviceId=f%u;SharedAccessKey=%s", (int)strcspn(hub, ";"), hub,
             number, embed_env("FLEET_KEY"));
    return embed_new(text, &options);
}

static inline void embed_id(char id[16], unsigned number)
{
    snprintf(id, 16, "f%u", number);
}

/* One message goes the whole way: it is sent, received and completed. */
static inline void embed_round_trip(struct c2d_client *service, struct c2d_client *device,
                                    unsigned number)
{
    struct c2d_message sent = { .body = "whole way", .body_size = 9 }, *got;
    struct c2d_error error;
    char id[16];

    embed_id(id, number);
    if (c2d_send(service, id, &sent, &error) != C2D_OK)
        embed_fail("c2d_send", &error);
    if (c2d_receive(device, &got, &error) != C2D_OK)
        embed_fail("c2d_receive", &error);
    if (got->body_size != sent.body_size || memcmp(got->body, sent.body, sent.body_size) != 0)
        embed_fail("another body than was sent", NULL);
    if (c2d_settle(device, got->lock_token, C2D_COMPLETE, &error) != C2D_OK)
        embed_fail("c2d_settle", &error);
    c2d_message_free(got);
}

#endif
