/* A program that has set the locale of its environment, as most of those with a user interface do,
 * and then uses the library.
 * usage: locale send|receive|feedback CA-FILE CONNECTION-STRING [HOST:PORT] */
#include "c2d.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum c2d_status send_one(struct c2d_client *service, struct c2d_error *error)
{
    static const struct c2d_property properties[] = { { "Id", "ISIK" }, { "limit", "I" } };
    struct c2d_message message = {
        .body = "1.5",
        .body_size = 3,
        .message_id = "MID-i",
        .correlation_id = "CID-I",
        .user_id = "Ilk",
        .content_type = "APPLICATION/JSON",
        .content_encoding = "utf-8",
        .ack = C2D_ACK_FULL,
        .ttl_s = 3600,
        .properties = properties,
        .property_count = 2,
    };

    return c2d_send(service, "dev1", &message, error);
}

/* Prints the text, which it frees. */
static void show(char *json)
{
    if (json != NULL)
        puts(json);
    free(json);
}

static enum c2d_status receive_one(struct c2d_client *device, struct c2d_error *error)
{
    struct c2d_message *message;
    enum c2d_status status = c2d_receive(device, &message, error);

    if (status == C2D_OK) {
        show(c2d_message_to_json(message, true));
        status = c2d_settle(device, message->lock_token, C2D_COMPLETE, error);
    }
    c2d_message_free(message);
    return status;
}

static enum c2d_status read_feedback(struct c2d_client *service, struct c2d_error *error)
{
    struct c2d_feedback *feedback;
    enum c2d_status status = c2d_feedback_receive(service, &feedback, error);

    if (status == C2D_OK) {
        for (size_t i = 0; i < feedback->record_count; i++)
            show(c2d_feedback_to_json(feedback, i));
        status = c2d_feedback_settle(service, feedback->lock_token, C2D_COMPLETE, error);
    }
    c2d_feedback_free(feedback);
    return status;
}

int main(int argc, char **argv)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *client;
    struct c2d_error error;
    enum c2d_status status;

    if (argc < 4 || setlocale(LC_ALL, "") == NULL) {
        fprintf(stderr, "arguments are missing, or there is no such locale\n");
        return C2D_USAGE;
    }
    options.ca_file = argv[2];
    options.connect_to = argv[4];
    options.retries = 0;
    status = c2d_client_new(&client, argv[3], &options, &error);
    if (status == C2D_OK)
        status = strcmp(argv[1], "send") == 0      ? send_one(client, &error)
                 : strcmp(argv[1], "receive") == 0 ? receive_one(client, &error)
                                                   : read_feedback(client, &error);
    if (status != C2D_OK)
        fprintf(stderr, "%s: %s\n", c2d_status_name(status), error.text);
    c2d_client_free(client);
    return status;
}
