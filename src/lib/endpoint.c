#include "endpoint.h"

#include "ids.h"
#include "limits.h"
#include "message.h"
#include "status.h"
#include "url.h"

#include <string.h>

/* The versions that Microsoft's own programs use for these requests. */
static const char device_api_version[] = "2021-04-12";
static const char service_api_version[] = "2020-09-30";

static const char device_queue[] = "/messages/deviceBound";
static const char feedback_queue[] = "/messages/serviceBound/feedback";

static enum c2d_status require_role(const struct endpoint *endpoint, enum c2d_role role,
                                    struct c2d_error *error)
{
    if (endpoint->credentials->role == role)
        return C2D_OK;
    return fail(error, C2D_CONFIG, "%s",
                role == C2D_ROLE_DEVICE
                    ? "this needs a device's connection string (DeviceId=...), and it is a hub "
                      "policy's (SharedAccessKeyName=...)"
                    : "this needs a hub policy's connection string (SharedAccessKeyName=...), and "
                      "it is a device's (DeviceId=...)");
}

static void url_begin(const struct endpoint *endpoint, struct http_request *request)
{
    buf_text(&request->url, "https://");
    buf_text(&request->url, endpoint->credentials->host);
    request->path_at = request->url.size;
}

static void url_device(struct http_request *request, const char *device_id)
{
    buf_text(&request->url, "/devices/");
    url_append_escaped(&request->url, device_id);
}

static enum c2d_status url_end(const struct endpoint *endpoint, const char *version,
                               struct http_request *request, struct c2d_error *error)
{
    buf_text(&request->url, "?api-version=");
    url_append_escaped(&request->url,
                       endpoint->api_version != NULL ? endpoint->api_version : version);
    return request->url.failed ? fail_memory(error) : C2D_OK;
}

enum c2d_status endpoint_send(const struct endpoint *endpoint, const char *device_id,
                              const struct c2d_message *message, struct http_request *request,
                              struct c2d_error *error)
{
    enum c2d_status status = require_role(endpoint, C2D_ROLE_SERVICE, error);

    if (status == C2D_OK)
        status = id_check_device(device_id, error);
    if (status == C2D_OK)
        status = message_check(message, error);
    if (status != C2D_OK)
        return status;
    request->method = "POST";
    request->body = message->body;
    request->body_size = message->body_size;
    url_begin(endpoint, request);
    url_device(request, device_id);
    buf_text(&request->url, device_queue);
    status = url_end(endpoint, service_api_version, request, error);
    return status == C2D_OK ? message_add_headers(message, &request->headers, error) : status;
}

enum c2d_status endpoint_send_older(const struct endpoint *endpoint, const char *device_id,
                                    struct http_request *request, struct c2d_error *error)
{
    struct buf to = { 0 };
    enum c2d_status status;

    buf_clear(&request->url);
    url_begin(endpoint, request);
    buf_text(&request->url, device_queue);
    status = url_end(endpoint, service_api_version, request, error);
    buf_text(&to, "/devices/");
    url_append_escaped(&to, device_id);
    if (status == C2D_OK && !buf_text(&to, device_queue))
        status = fail_memory(error);
    if (status == C2D_OK)
        status = http_headers_add(&request->headers, "iothub-to", to.data, error);
    buf_clear(&to);
    return status;
}

enum c2d_status endpoint_receive(const struct endpoint *endpoint, struct http_request *request,
                                 struct c2d_error *error)
{
    enum c2d_status status = require_role(endpoint, C2D_ROLE_DEVICE, error);

    if (status != C2D_OK)
        return status;
    request->method = "GET";
    url_begin(endpoint, request);
    url_device(request, endpoint->credentials->device_id);
    buf_text(&request->url, device_queue);
    return url_end(endpoint, device_api_version, request, error);
}

/* The last part of a settlement's path. Complete and reject differ only in a query parameter whose
 * presence decides. */
static enum c2d_status url_settle(const struct endpoint *endpoint, const char *version,
                                  const char *lock_token, enum c2d_outcome outcome,
                                  struct http_request *request, struct c2d_error *error)
{
    enum c2d_status status;

    buf_text(&request->url, "/");
    url_append_escaped(&request->url, lock_token);
    if (outcome == C2D_ABANDON)
        buf_text(&request->url, "/abandon");
    request->method = outcome == C2D_ABANDON ? "POST" : "DELETE";
    status = url_end(endpoint, version, request, error);
    if (status == C2D_OK && outcome == C2D_REJECT && !buf_text(&request->url, "&reject"))
        status = fail_memory(error);
    return status;
}

enum c2d_status endpoint_settle(const struct endpoint *endpoint, const char *lock_token,
                                enum c2d_outcome outcome, struct http_request *request,
                                struct c2d_error *error)
{
    enum c2d_status status = require_role(endpoint, C2D_ROLE_DEVICE, error);

    if (status == C2D_OK)
        status = id_check_lock_token(lock_token, error);
    if (status != C2D_OK)
        return status;
    url_begin(endpoint, request);
    url_device(request, endpoint->credentials->device_id);
    buf_text(&request->url, device_queue);
    return url_settle(endpoint, device_api_version, lock_token, outcome, request, error);
}

enum c2d_status endpoint_feedback(const struct endpoint *endpoint, struct http_request *request,
                                  struct c2d_error *error)
{
    enum c2d_status status = require_role(endpoint, C2D_ROLE_SERVICE, error);

    if (status != C2D_OK)
        return status;
    request->method = "GET";
    url_begin(endpoint, request);
    buf_text(&request->url, feedback_queue);
    return url_end(endpoint, service_api_version, request, error);
}

enum c2d_status endpoint_feedback_settle(const struct endpoint *endpoint, const char *lock_token,
                                         enum c2d_outcome outcome, struct http_request *request,
                                         struct c2d_error *error)
{
    enum c2d_status status = require_role(endpoint, C2D_ROLE_SERVICE, error);

    if (status == C2D_OK)
        status = id_check_lock_token(lock_token, error);
    if (status == C2D_OK && outcome == C2D_REJECT)
        status =
            fail(error, C2D_DATA, "a feedback batch is completed or abandoned, never rejected");
    if (status != C2D_OK)
        return status;
    url_begin(endpoint, request);
    buf_text(&request->url, feedback_queue);
    return url_settle(endpoint, service_api_version, lock_token, outcome, request, error);
}

/* Requests on one device that only its id tells apart. */
static enum c2d_status device_request(const struct endpoint *endpoint, const char *device_id,
                                      const char *rest, struct http_request *request,
                                      struct c2d_error *error)
{
    enum c2d_status status = require_role(endpoint, C2D_ROLE_SERVICE, error);

    if (status == C2D_OK)
        status = id_check_device(device_id, error);
    if (status != C2D_OK)
        return status;
    url_begin(endpoint, request);
    url_device(request, device_id);
    buf_text(&request->url, rest);
    return url_end(endpoint, service_api_version, request, error);
}

enum c2d_status endpoint_purge(const struct endpoint *endpoint, const char *device_id,
                               struct http_request *request, struct c2d_error *error)
{
    request->method = "DELETE";
    return device_request(endpoint, device_id, "/commands", request, error);
}

enum c2d_status endpoint_device(const struct endpoint *endpoint, const char *device_id,
                                struct http_request *request, struct c2d_error *error)
{
    request->method = "GET";
    return device_request(endpoint, device_id, "", request, error);
}
