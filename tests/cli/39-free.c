/* Clients that are freed in any order while their operations wait, are under way, sleep before
 * another attempt or have ended. The hub treats each device in its own way, see 39-embed.sh.
 * usage: free REPEATS SEED; prints in which states operations were given up */
#include "39-embed.h"

enum { CLIENTS = 6, ALONE = 2, OPERATIONS = 16 };

static const struct c2d_message message = { .body = "given up", .body_size = 8 };
static size_t submitted, handed_out, asleep, dropped;

static void submit_any(struct c2d_client *client)
{
    static char ids[CLIENTS][16];
    struct c2d_request request = { .action = C2D_ACTION_RECEIVE };
    struct c2d_error error;
    int which = rand() % CLIENTS;

    embed_id(ids[which], (unsigned)which);
    if (c2d_client_device_id(client) == NULL)
        request = (struct c2d_request) { .action = C2D_ACTION_SEND,
                                         .device_id = ids[which],
                                         .message = &message };
    else if (rand() % 3 == 0)
        request = (struct c2d_request) { .action = C2D_ACTION_SETTLE,
                                         .lock_token = "no such lock",
                                         .outcome = C2D_ABANDON };
    if (c2d_submit(client, &request, &error) != C2D_OK)
        embed_fail("c2d_submit", &error);
    submitted++;
}

static void hand_out(struct c2d_client *client, int timeout_ms)
{
    struct c2d_result result;

    if (!c2d_wait(client, timeout_ms, &result))
        return;
    handed_out++;
    c2d_message_free(result.message);
    c2d_feedback_free(result.feedback);
    c2d_device_info_free(result.device_info);
}

/* The first of clients is the one that the others share, but for those that stand alone. */
static void play(struct c2d_client **clients)
{
    size_t left = CLIENTS;

    clients[0] = embed_service(1 + rand() % 8, NULL);
    for (unsigned i = 1; i < CLIENTS; i++)
        clients[i] = embed_device(i, 1, i < CLIENTS - ALONE ? clients[0] : NULL);
    while (left > 0) {
        size_t which = (size_t)rand() % left, pending;

        for (int i = rand() % OPERATIONS; i > 0; i--)
            submit_any(clients[rand() % (int)left]);
        for (int i = rand() % 6; i > 0; i--)
            hand_out(clients[rand() % (int)left], rand() % 30);
        if (rand() % 3 == 0)
            (void)c2d_fd(clients[which]);
        asleep += c2d_backing_off(clients[which]);
        pending = c2d_pending(clients[which]);
        c2d_client_free(clients[which]);
        dropped += pending;
        clients[which] = clients[--left];
    }
}

int main(int argc, char **argv)
{
    struct c2d_client *clients[CLIENTS];

    if (argc != 3)
        return C2D_USAGE;
    srand((unsigned)atoi(argv[2]));
    for (int i = atoi(argv[1]); i > 0; i--)
        play(clients);
    printf("submitted %zu, handed out %zu; when a client was freed %zu were pending, %zu asleep\n",
           submitted, handed_out, dropped, asleep);
    return handed_out > 0 && asleep > 0 && dropped > 0 ? 0 : 1;
}
