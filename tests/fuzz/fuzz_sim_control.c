/* Input: commands to the simulated hub, a line each: "METHOD NAME JSON". A send and a receive
 * follow, to which a fault may apply. */
#include "base/buf.h"
#include "check.h"
#include "sim.h"

#include <string.h>

static void append_command(struct buf *requests, const char *line, size_t size)
{
    const char *name = memchr(line, ' ', size), *end = line + size, *body;

    if (name == NULL)
        return;
    body = memchr(name + 1, ' ', (size_t)(end - name - 1));
    if (body == NULL)
        body = end;
    buf_append(requests, line, (size_t)(name + 1 - line));
    buf_text(requests, "/_sim/");
    buf_append(requests, name + 1, (size_t)(body - name - 1));
    buf_format(requests, " HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
               (size_t)(end - body));
    buf_append(requests, body, (size_t)(end - body));
}

static const char rest[] =
    "POST /devices/dev1/messages/deviceBound?api-version=2020-09-30 HTTP/1.1\r\nHost: h\r\n"
    "Authorization: SERVICE\r\niothub-ack: full\r\nContent-Length: 1\r\n\r\nx"
    "GET /devices/dev1/messages/deviceBound?api-version=2021-04-12 HTTP/1.1\r\nHost: h\r\n"
    "Authorization: DEVICE\r\n\r\n"
    "DELETE /devices/dev1/messages/deviceBound/LOCK?api-version=2021-04-12 HTTP/1.1\r\nHost: h\r\n"
    "Authorization: DEVICE\r\n\r\n"
    "GET /_sim/state HTTP/1.1\r\nHost: h\r\n\r\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct buf requests = { 0 };

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline == NULL ? end : newline;

        append_command(&requests, at, (size_t)(next - at));
        at = newline == NULL ? end : next + 1;
    }
    buf_append(&requests, rest, sizeof rest - 1);
    sim_serve(requests.data, requests.size);
    buf_clear(&requests);
    return 0;
}
