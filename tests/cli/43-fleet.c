/* The example of libc2d(3), made a program: receives all messages of a fleet, whose connection
 * strings are the lines of stdin, and prints them. example.h is cut out of the page by the test.
 * usage: fleet CA-FILE CONNECTIONS */
#include "c2d.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MAX = 20000 };

static bool keep(const struct c2d_message *message)
{
    return printf("%s %.*s\n", message->device_id, (int)message->body_size,
                  (const char *)message->body)
               > 0
           && fflush(stdout) == 0;
}

static void report(const struct c2d_client *device, const struct c2d_error *error)
{
    fprintf(stderr, "%s: %s\n", c2d_client_device_id(device), error->text);
}

int main(int argc, char **argv)
{
    static struct c2d_client *devices[CLIENTS_MAX];
    struct c2d_client *device;
    struct c2d_request next;
    bool is_done;
    struct c2d_options options = c2d_options_default();
    struct c2d_result result;
    struct c2d_error error;
    size_t count = 0, i;
    char line[1024];

    if (argc != 3)
        return C2D_USAGE;
    options.ca_file = argv[1];
    options.parallel = atoi(argv[2]);
    while (count < CLIENTS_MAX && fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        options.share = devices[0];
        if (c2d_client_new(&devices[count++], line, &options, &error) != C2D_OK) {
            fprintf(stderr, "%s\n", error.text);
            return (int)error.status;
        }
    }

#include "example.h"

    while (count > 0)
        c2d_client_free(devices[--count]);
    return 0;
}
