/* Method, URL and rights of each request. message.c adds the headers of a message, signer.c the
 * token. */
#include "endpoint.h"

#include "base/error.h"
#include "http/url.h"
#include "ids.h"

#include <string.h>

/* The versions that Microsoft's own programs use for these requests [SDKs]. */
static const char device_version[] = "2021-04-12";
static const char service_version[] = "2020-09-30";

#define QUEUE "/devices/{d}/messages/deviceBound"
#define FEEDBACK "/messages/serviceBound/feedback"
/* Rights, spelled as in the hub's policies. */
#define SERVICE "ServiceConnect"
#define DEVICE "DeviceConnect"

/* Complete and reject differ only in the presence of a query parameter. */
/* clang-format off */
const struct endpoint endpoints[] = {
    [ENDPOINT_SEND] =
        { "send", SERVICE, "POST", QUEUE, "", ENDPOINT_SENDS, { 204 }, false },
    [ENDPOINT_SEND_OLDER] =
        { "send", SERVICE, "POST", "/messages/deviceBound", "", ENDPOINT_SENDS, { 204 }, false },
    /* 204: the queue is empty, or all its messages are locked. */
    [ENDPOINT_RECEIVE] =
        { "receive", DEVICE, "GET", QUEUE, "", ENDPOINT_READS, { 200, 204 }, false },
    [ENDPOINT_COMPLETE] =
        { "complete", DEVICE, "DELETE", QUEUE "/{t}", "", ENDPOINT_SETTLES, { 204 }, false },
    [ENDPOINT_REJECT] =
        { "reject", DEVICE, "DELETE", QUEUE "/{t}", "&reject", ENDPOINT_SETTLES, { 204 }, false },
    [ENDPOINT_ABANDON] =
        { "abandon", DEVICE, "POST", QUEUE "/{t}/abandon", "", ENDPOINT_SETTLES, { 204 }, false },
    [ENDPOINT_FEEDBACK] =
        { "read feedback", SERVICE, "GET", FEEDBACK, "", ENDPOINT_READS, { 200, 204 }, false },
    [ENDPOINT_FEEDBACK_COMPLETE] =
        { "complete", SERVICE, "DELETE", FEEDBACK "/{t}", "", ENDPOINT_SETTLES, { 204 }, false },
    [ENDPOINT_FEEDBACK_ABANDON] =
        { "abandon", SERVICE, "POST", FEEDBACK "/{t}/abandon", "", ENDPOINT_SETTLES, { 204 },
          false },
    /* As a send: a cancellation before it must prevent it, as it cannot be undone. */
    [ENDPOINT_PURGE] =
        { "purge", SERVICE, "DELETE", "/devices/{d}/commands", "", ENDPOINT_SENDS, { 200 }, false },
    [ENDPOINT_DEVICE] =
        { "read the registry", "RegistryRead", "GET", "/devices/{d}", "", ENDPOINT_READS, { 200 },
          true },
    /* 412 is expected: the hub sends it after it has checked the credentials [assumed]. */
    [ENDPOINT_PROBE_DEVICE] =
        { "complete", DEVICE, "DELETE", QUEUE "/{t}", "", ENDPOINT_READS, { 412, 204 }, false },
    [ENDPOINT_PROBE_SERVICE] =
        { "complete", SERVICE, "DELETE", FEEDBACK "/{t}", "", ENDPOINT_READS, { 412, 204 }, false },
};
/* clang-format on */

enum { URL_SIZE_TYPICAL = 250 };

bool endpoint_is_for_device(const struct endpoint *endpoint)
{
    return strcmp(endpoint->right, DEVICE) == 0;
}

enum c2d_status endpoint_check(const struct endpoint *endpoint,
                               const struct endpoint_target *target, struct c2d_error *error)
{
    enum c2d_role role = endpoint_is_for_device(endpoint) ? C2D_ROLE_DEVICE : C2D_ROLE_SERVICE;
    enum c2d_status status = credentials_require(target->credentials, role, error);

    if (status == C2D_OK && target->device_id != NULL)
        status = ids_check_device(target->device_id, error);
    if (status == C2D_OK && target->lock_token != NULL)
        status = ids_check_lock_token(target->lock_token, error);
    return status;
}

/* Appends path with {d} and {t} replaced. */
static void append_path(struct buf *url, const char *path, const char *device_id,
                        const char *lock_token)
{
    while (*path != '\0') {
        size_t plain = strcspn(path, "{");

        buf_append(url, path, plain);
        path += plain;
        if (*path == '\0')
            return;
        url_append_escaped(url, path[1] == 't' ? lock_token : device_id);
        path += strlen("{d}");
    }
}

enum c2d_status endpoint_request(const struct endpoint *endpoint,
                                 const struct endpoint_target *target, struct http_request *request,
                                 struct c2d_error *error)
{
    const char *version = endpoint_is_for_device(endpoint) ? device_version : service_version;

    request->method = endpoint->method;
    buf_reserve(&request->url, URL_SIZE_TYPICAL); /* mostly the only allocation */
    buf_text(&request->url, "https://");
    /* Not encoded: connstr.c allows only a host name, with an optional port. */
    buf_text(&request->url, target->credentials->host);
    request->path_at = request->url.size;
    append_path(&request->url, endpoint->path,
                target->device_id != NULL ? target->device_id : target->credentials->device_id,
                target->lock_token);
    buf_text(&request->url, "?api-version=");
    url_append_escaped(&request->url, target->api_version != NULL ? target->api_version : version);
    buf_text(&request->url, endpoint->query);
    return request->url.failed ? fail_memory(error) : C2D_OK;
}

enum c2d_status endpoint_name_device(const char *device_id, struct http_request *request,
                                     struct c2d_error *error)
{
    struct buf to = { 0 };
    enum c2d_status status;

    /* The path that other requests have in their URL, with the id encoded once. */
    append_path(&to, QUEUE, device_id, NULL);
    status = to.failed ? fail_memory(error)
                       : http_headers_add(&request->headers, "iothub-to", to.data, error);
    buf_clear(&to);
    return status;
}
