/* The facts behind c2d_probe(), gathered from one try after the other. The request itself is an
 * exchange like any other. */
#include "probe.h"

#include "hub_clock.h"

void probe_note(struct c2d_probe *probe, const struct http_done *done, int64_t now_s)
{
    if (probe == NULL)
        return;
    /* A second try on the same connection has no handshake to tell of. */
    if (probe->connection.tls_version[0] == '\0' || done->connection.tls_version[0] != '\0')
        probe->connection = done->connection;
    if (hub_clock_read(&done->response, now_s, &probe->hub_time_s))
        probe->own_time_s = now_s;
}
