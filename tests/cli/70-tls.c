/* Asks the hub twice; the first time an allocation of libcurl for an option fails.
 * Prints both outcomes. usage: 70-tls CA-FILE, with the connection string in the environment */
#include "c2d.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_lacking;

/* Fails for "", the value of options that are set once for each transfer. */
static char *copy(const char *text)
{
    return is_lacking && *text == '\0' ? NULL : strdup(text);
}

int main(int argc, char **argv)
{
    struct c2d_options options = c2d_options_default();
    struct c2d_client *client = NULL;
    struct c2d_message *message = NULL;
    struct c2d_error error;

    if (argc != 2
        || curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free, realloc, copy, calloc) != 0)
        return C2D_USAGE;
    options.ca_file = argv[1];
    if (c2d_client_new(&client, getenv("IOTHUB_DEVICE_CONNECTION_STRING"), &options, &error)
        == C2D_OK) {
        is_lacking = true;
        puts(c2d_status_name(c2d_receive(client, &message, &error)));
        is_lacking = false;
        puts(c2d_status_name(c2d_receive(client, &message, &error)));
    }
    c2d_message_free(message);
    c2d_client_free(client);
    return 0;
}
