/* A program without libcurl that loads the library, gives up a receive within its name look-up, and
 * unloads the library at once: the look-up goes on in a thread of libcurl's.
 * usage: dlopen LIBRARY TIMES */
#include "c2d.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIND(library, name) *(void **)&name = dlsym(library, "c2d_" #name)

static void load_and_unload(const char *path)
{
    static const char string[] = "HostName=hub.invalid;DeviceId=d;SharedAccessKey=a2V5";
    struct c2d_options options = c2d_options_default();
    struct c2d_client *client;
    struct c2d_message *message;
    struct c2d_error error;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    enum c2d_status (*client_new)(struct c2d_client **, const char *, const struct c2d_options *,
                                  struct c2d_error *);
    enum c2d_status (*receive)(struct c2d_client *, struct c2d_message **, struct c2d_error *);
    void (*client_free)(struct c2d_client *);

    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    FIND(library, client_new);
    FIND(library, receive);
    FIND(library, client_free);
    options.timeout_ms = options.connect_timeout_ms = 100;
    options.retries = 0;
    if (client_new(&client, string, &options, &error) != C2D_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    (void)receive(client, &message, &error);
    printf("%d %d\n", error.status, error.step);
    client_free(client);
    dlclose(library);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return C2D_USAGE;
    for (int i = atoi(argv[2]); i > 0; i--)
        load_and_unload(argv[1]);
    /* Longer than the look-ups take. */
    nanosleep(&(struct timespec) { .tv_sec = 3 }, NULL);
    puts("alive");
    return 0;
}
