/* A process forks while a client is in use.
 * usage: fork child          the child makes another client, and both processes go on
 *        fork exec COMMAND   the child runs COMMAND while requests are on their way */
#include "39-embed.h"

#include <sys/wait.h>

static const struct c2d_message message = { .body = "held", .body_size = 4 };

/* Requests that the hub has not answered. */
static void put_under_way(struct c2d_client *service)
{
    struct c2d_result result;
    struct c2d_error error;

    for (int i = 0; i < 2; i++)
        if (c2d_submit(service,
                       &(struct c2d_request) {
                           .action = C2D_ACTION_SEND, .device_id = "f0", .message = &message },
                       &error)
            != C2D_OK)
            embed_fail("c2d_submit", &error);
    if (c2d_wait(service, 50, &result))
        embed_fail("a send was answered: the hub does not wait", NULL);
}

static void finish(struct c2d_client *service)
{
    struct c2d_result result;

    while (c2d_wait(service, -1, &result))
        if (result.error.status != C2D_OK)
            embed_fail("c2d_wait", &result.error);
}

static void run_child(void)
{
    struct c2d_client *service = embed_service(1, NULL);
    struct c2d_client *device = embed_device(1, 1, NULL);

    for (int i = 0; i < 3; i++)
        embed_round_trip(service, device, 1);
    c2d_client_free(device);
    c2d_client_free(service);
    _exit(0);
}

int main(int argc, char **argv)
{
    /* Not on the stack: memcheck is to see that the child still has them. */
    static struct c2d_client *service, *device;
    int status = 0;
    pid_t child;

    if (argc < 2 || (argc < 3 && strcmp(argv[1], "child") != 0))
        return C2D_USAGE;
    service = embed_service(2, NULL);
    device = embed_device(0, 1, NULL);
    (void)c2d_fd(service); /* opens all that there can be */
    embed_round_trip(service, device, 0);
    put_under_way(service);
    child = fork();
    if (child < 0)
        embed_fail("fork", NULL);
    if (child == 0) {
        if (argc == 2)
            run_child();
        execvp(argv[2], argv + 2);
        embed_fail(argv[2], NULL);
    }
    if (argc > 2)
        waitpid(child, &status, 0);
    finish(service);
    for (int i = 0; i < 2; i++) { /* those that were on their way */
        struct c2d_message *got;
        struct c2d_error error;

        if (c2d_receive(device, &got, &error) != C2D_OK
            || c2d_settle(device, got->lock_token, C2D_COMPLETE, &error) != C2D_OK)
            embed_fail("what was on its way", &error);
        c2d_message_free(got);
    }
    embed_round_trip(service, device, 0);
    if (argc == 2)
        waitpid(child, &status, 0);
    c2d_client_free(device);
    c2d_client_free(service);
    return status == 0 ? 0 : 1;
}
