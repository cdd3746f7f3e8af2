/* What clients and operations cost: bytes of the heap, and descriptors. The hub is slow, so that
 * none of PARALLEL requests can take over another's connection.
 * usage: costs */
#include "39-embed.h"

#include <dirent.h>
#include <malloc.h>

enum { MANY = 1000, PARALLEL = 16 };

static struct c2d_client *sharing[MANY];

static size_t heap(void)
{
#if __GLIBC_PREREQ(2, 33)
    struct mallinfo2 info = mallinfo2();
#else
    struct mallinfo info = mallinfo(); /* its ints are large enough here */
#endif

    return (size_t)info.uordblks + (size_t)info.hblkhd;
}

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -3; /* ".", ".." and the folder's own */

    while (folder != NULL && readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void show(const char *what, size_t bytes, size_t count, int opened)
{
    printf("%s: %zu bytes, %d descriptors\n", what, bytes / count, opened);
}

static void submit(struct c2d_client *client, const struct c2d_request *request)
{
    struct c2d_error error;

    if (c2d_submit(client, request, &error) != C2D_OK)
        embed_fail("c2d_submit", &error);
}

int main(void)
{
    struct c2d_message message = { .body = "x", .body_size = 1 };
    struct c2d_client *warm = embed_service(1, NULL), *own, *device;
    struct c2d_result result;
    struct c2d_error error;
    size_t before;
    char ids[PARALLEL][16];
    int opened;

    /* What the libraries set up once is nobody's. */
    embed_round_trip(warm, device = embed_device(0, 1, NULL), 0);
    c2d_client_free(device);
    before = heap(), opened = descriptors();
    own = embed_service(PARALLEL, NULL);
    show("a client before its first connection", heap() - before, 1, descriptors() - opened);
    if (c2d_send(own, "f0", &message, &error) != C2D_OK)
        embed_fail("c2d_send", &error);
    show("a client with one connection", heap() - before, 1, descriptors() - opened);

    before = heap(), opened = descriptors();
    for (unsigned i = 0; i < MANY; i++)
        sharing[i] = embed_device(i, PARALLEL, own);
    show("a client that shares", heap() - before, MANY, descriptors() - opened);

    before = heap(), opened = descriptors();
    for (unsigned i = 0; i < MANY; i++)
        submit(sharing[i], &(struct c2d_request) { .action = C2D_ACTION_RECEIVE });
    show("an operation that was submitted", heap() - before, MANY, descriptors() - opened);
    for (unsigned i = 0; i < MANY; i++) {
        c2d_client_free(sharing[i]);
        sharing[i] = embed_device(i, PARALLEL, own);
    }

    before = heap(), opened = descriptors();
    for (unsigned i = 0; i < PARALLEL; i++) { /* to one device they would follow each other */
        embed_id(ids[i], i);
        submit(own, &(struct c2d_request) {
                        .action = C2D_ACTION_SEND, .device_id = ids[i], .message = &message });
    }
    while (c2d_wait(own, -1, &result))
        if (result.error.status != C2D_OK)
            embed_fail("c2d_wait", &result.error);
    opened = descriptors() - opened;
    if (opened > 0)
        show("a further connection", heap() - before, (size_t)opened, opened);
    for (unsigned i = 0; i < PARALLEL; i++) /* with connections that are there */
        submit(sharing[i], &(struct c2d_request) { .action = C2D_ACTION_RECEIVE });
    before = heap(), opened = descriptors();
    if (c2d_wait(own, 50, &result))
        embed_fail("the hub is not slow", NULL);
    show("besides, when it is under way", heap() - before, PARALLEL, descriptors() - opened);
    while (c2d_wait(own, -1, &result)) {
        if (result.message == NULL)
            embed_fail("a receive", &result.error);
        c2d_message_free(result.message);
    }
    for (unsigned i = 0; i < MANY; i++)
        c2d_client_free(sharing[i]);
    c2d_client_free(own);
    c2d_client_free(warm);
    return 0;
}
