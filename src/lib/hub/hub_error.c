/* Turns an unexpected response into a status, a text and a hint. Distinguishes responses of a hub
 * from those of a proxy or a login portal. */
#include "hub_error.h"

#include "base/error.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "hub_refusal.h"

#include <stdio.h>
#include <string.h>

/* The hub's codes [hub docs]. Without a text here, the text is that of the HTTP status. %s is the
 * device. */
static const struct row {
    int code;
    const char *name;
    enum c2d_status status;
    bool retryable;
    const char *text, *hint;
} rows[] = {
    { 400004, "ArgumentInvalid", C2D_PROTOCOL, false, NULL, NULL },
    { 400006, "IotHubFormatError", C2D_PROTOCOL, false, NULL, NULL },
    /* Not retryable, but the retry policy makes one more attempt, with a new token. */
    { 401002, "IotHubUnauthorizedAccess", C2D_AUTH, false, NULL, NULL },
    { 401003, "IotHubUnauthorized", C2D_AUTH, false, NULL, NULL },
    { 429001, "ThrottlingException", C2D_THROTTLED, true, NULL, NULL },
    { 500001, "ServerError", C2D_SERVER, true, NULL, NULL },
    { 503001, "ServiceUnavailable", C2D_SERVER, true, NULL, NULL },
    { 503005, "ServerBusy", C2D_SERVER, true, NULL, NULL },
    { 400001, "InvalidProtocolVersion", C2D_PROTOCOL, false,
      "the hub does not support this api-version", "do not set api_version" },
    { 400024, "RequestTimedOut", C2D_SERVER, true, "the request timed out in the hub", "" },
    { 403002, "IotHubQuotaExceeded", C2D_QUOTA, false, "the hub's daily quota is used up",
      "the quota resets at 00:00 UTC" },
    { 403004, "DeviceMaximumQueueDepthExceeded", C2D_QUEUE_FULL, false,
      "device '%s' already holds 50 messages",
      "let the device receive, or run: c2d-http purge %s" },
    { 403007, "DeviceMaximumQueueSizeExceeded", C2D_QUEUE_FULL, false,
      "the messages in the queue of device '%s' are too large in total",
      "let the device receive, or run: c2d-http purge %s" },
    { 403009, "InvalidMessageExpiryTime", C2D_PROTOCOL, false,
      "the hub refused the message's expiry time",
      "it must be in the future, by 2 days at most: check this machine's clock" },
    { 403010, "OperationNotAvailableInCurrentTier", C2D_AUTH, false,
      "this hub's tier has no cloud-to-device messages",
      "use a hub of the Standard (or Free) tier: Basic does not have them" },
    { 403012, "DeviceDisabled", C2D_AUTH, false, "device '%s' is disabled in the hub's registry",
      "enable it there" },
    { 404001, "DeviceNotFound", C2D_NOT_FOUND, false, "device '%s' is unknown to the hub",
      "ids are case-sensitive: compare with the registry" },
    { 404012, "IotHubFailingOver", C2D_SERVER, true, "the hub is moving to another region",
      "try again in some minutes" },
    { 404013, "FeatureNotSupported", C2D_NOT_FOUND, false, "the hub does not have this feature",
      "" },
    { 412002, "DeviceMessageLockLost", C2D_LOCK_LOST, false,
      "the lock has expired, or an earlier settlement ended it",
      "receive again: if it was not settled, the message comes again" },
    { 413001, "MessageTooLarge", C2D_TOO_LARGE, false, "the message is too large for the hub",
      "the maximum is 64 KiB with all properties" },
};

/* Text and hint of a 401, which depend on how the request was authenticated. */
static const struct {
    const char *text, *hint; /* %s is the device; for a policy or token, the right that it needs */
} by_auth[] = {
    [HUB_AUTH_POLICY] = { "the hub refused the credentials",
                          "the policy needs the right %s and its current key; check this machine's "
                          "clock" },
    [HUB_AUTH_DEVICE_KEY] = { "the hub refused the credentials",
                              "check that the connection string is that of device '%s', with its "
                              "current key, and check this machine's clock" },
    [HUB_AUTH_TOKEN] = { "the hub refused the credentials (a ready SharedAccessSignature)",
                         "it needs the right %s, the current key and an expiry in the future: "
                         "decode "
                         "the token" },
    [HUB_AUTH_CERTIFICATE] = { "the hub refused the device's certificate",
                               "check that the registry has this thumbprint for device '%s': "
                               "openssl "
                               "x509 -noout -fingerprint -sha256 -in CERTIFICATE" },
    [HUB_AUTH_NOT_REQUESTED] = { "the hub received no certificate: the TLS peer did not request "
                                 "one",
                                 "client certificates do not pass a proxy that inspects TLS: have "
                                 "this host "
                                 "exempted from inspection, or give device '%s' a key" },
};

/* HTTP statuses, for responses without a hub code that has a text. */
static const struct {
    int http;
    enum c2d_status status;
    const char *text;
} by_http[] = {
    { 401, C2D_AUTH, NULL },
    { 403, C2D_AUTH, "the hub forbids this" },
    { 404, C2D_NOT_FOUND, "the hub found nothing at this address" },
    { 412, C2D_LOCK_LOST, "the lock has expired, or an earlier settlement ended it" },
    { 413, C2D_TOO_LARGE, "the message is too large for the hub" },
    { 429, C2D_THROTTLED, "the hub is throttling requests" },
};

static const struct row *find_row(int code, const char *name)
{
    /* Also by name: one of the two known forms of a body has no number. */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == code || (*name != '\0' && text_equals_nocase(rows[i].name, name)))
            return &rows[i];
    return NULL;
}

static void copy_header(const struct http_response *response, const char *name, char *out,
                        size_t size)
{
    const char *value = http_headers_get(&response->headers, name);

    if (value != NULL)
        snprintf(out, size, "%s", value);
}

/* A hub's own response has its code or its request id; that of a filter does not. */
static bool is_from_hub(const struct c2d_error *error)
{
    return error->hub_code != 0 || error->hub_code_name[0] != '\0' || error->request_id[0] != '\0';
}

static void add_facts(struct c2d_error *error)
{
    char text[sizeof error->text];

    /* The facts come last and must fit: a long text is truncated. */
    snprintf(text, sizeof text, "%s", error->text);
    if (error->hub_code != 0)
        fail(error, error->status, "%.400s (HTTP %d, hub code %d)", text, error->http_status,
             error->hub_code);
    else if (error->hub_code_name[0] != '\0')
        fail(error, error->status, "%.400s (HTTP %d, %s)", text, error->http_status,
             error->hub_code_name);
    else
        fail(error, error->status, "%.400s (HTTP %d)", text, error->http_status);
}

/* Replaces "%s", which occurs once at most, with word. The texts are not formats. */
static const char *with_word(const char *text, const char *word, char out[static 512])
{
    const char *mark = strstr(text, "%s");

    if (mark == NULL)
        return text;
    snprintf(out, 512, "%.*s%s%s", (int)(mark - text), text, word, mark + 2);
    return out;
}

static const char *device_of(const struct hub_request *request)
{
    return request->device_id == NULL ? "?" : request->device_id;
}

/* A hub that blocks an address responds 401 and does not say why [hub docs, IP filters]. */
#define BLOCKED "; the hub's IP rules or private endpoint may also block this address"

static void hint_auth(const struct hub_request *request, struct c2d_error *error)
{
    bool is_right = request->auth == HUB_AUTH_POLICY || request->auth == HUB_AUTH_TOKEN;
    const char *word = is_right ? request->right : device_of(request);
    char text[512];

    /* If no certificate was requested, the TLS peer was not the hub. */
    hint(error, "%s%s", with_word(by_auth[request->auth].hint, word, text),
         request->auth == HUB_AUTH_NOT_REQUESTED ? "" : BLOCKED);
}

static void describe_row(const struct row *row, const struct hub_request *request,
                         struct c2d_error *error)
{
    const char *device = device_of(request);
    struct buf word = { 0 };
    char text[512];

    fail(error, row->status, "%s", with_word(row->text, device, text));
    /* Hints name a device only in commands: quoted, as an id may hold quotes and "$(". */
    text_append_shell_word(&word, device);
    if (!word.failed)
        hint(error, "%s", with_word(row->hint, word.data, text));
    buf_clear(&word);
}

/* True if the device may be disabled or unknown: over HTTPS hubs refuse both alike, mostly without
 * a code. */
static bool may_be_disabled(const struct hub_request *request, const struct c2d_error *error)
{
    if (error->http_status != 404 || request->device_id == NULL)
        return false;
    return error->hub_code == 404001 ? request->auth != HUB_AUTH_POLICY
                                     : error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

static void describe_missing(const struct hub_request *request, const char *message,
                             struct c2d_error *error)
{
    fail(error, C2D_NOT_FOUND, "device '%.128s' is unknown to the hub, or disabled there%s%s",
         request->device_id, *message != '\0' ? ": " : "", message);
    hint(error,
         "check in the hub's registry that the id exists, in the same case, and that the device "
         "is enabled%s",
         is_from_hub(error) ? "" : "; if so, a trace shows who responded");
}

static void describe_foreign(const struct http_response *response, struct c2d_error *error)
{
    const char *location = http_headers_get(&response->headers, "Location");

    if (location != NULL && response->status / 100 == 3) {
        fail(error, C2D_PROTOCOL, "a redirect to %.200s is not followed", location);
        hint(error, "a hub never redirects: a proxy or a login portal responded");
    } else if (response->status == 403) {
        fail(error, C2D_AUTH, "a network filter responded, not the hub");
        hint(error, "ask the network's administrator to allow this host; if the hub has a private "
                    "endpoint, its name must resolve to that address");
    } else {
        fail(error, C2D_PROTOCOL, "not the response of a hub");
        hint(error, HUB_ERROR_FOREIGN);
    }
}

static void describe_http(const struct http_response *response, const struct hub_request *request,
                          const char *message, struct c2d_error *error)
{
    if (response->status >= 500) {
        bool known = is_from_hub(error);

        fail(error, C2D_SERVER, "server error of %s%s%s",
             known ? "the hub" : "the hub, or of a proxy before it", *message != '\0' ? ": " : "",
             message);
        hint(error, "%s", known ? "" : "a trace shows who responded");
        return;
    }
    for (size_t i = 0; i < sizeof by_http / sizeof *by_http; i++) {
        if (by_http[i].http != response->status)
            continue;
        fail(error, by_http[i].status, "%s%s%s",
             response->status == 401 ? by_auth[request->auth].text : by_http[i].text,
             *message != '\0' ? ": " : "", message);
        if (by_http[i].status == C2D_AUTH)
            hint_auth(request, error);
        return;
    }
    fail(error, C2D_PROTOCOL, "the hub refused to %s%s%s", request->what,
         *message != '\0' ? ": " : "", message);
}

bool hub_error_is_retryable(int http_status)
{
    static const int retried[] = { 408, 429, 500, 502, 503, 504 };

    for (size_t i = 0; i < sizeof retried / sizeof *retried; i++)
        if (retried[i] == http_status)
            return true;
    return false;
}

int hub_error_retry_after_s(const char *header, int64_t now_s)
{
    long long seconds = 0;
    int64_t when;

    if (header == NULL)
        return 0;
    if (*header != '\0' && header[strspn(header, "0123456789")] == '\0') {
        /* A number that is too large still means to wait: the caller limits it. */
        if (!text_to_number(header, INT32_MAX, &seconds))
            seconds = INT32_MAX;
    } else {
        if (!timestamp_parse_http(header, &when) || when <= now_s)
            return 0;
        seconds = when - now_s;
    }
    return seconds > INT32_MAX ? INT32_MAX : (int)seconds;
}

enum c2d_status hub_error_read(const struct http_response *response,
                               const struct hub_request *request, int64_t now_s,
                               struct c2d_error *error)
{
    struct hub_refusal refusal;
    const struct row *row;

    hub_refusal_read(&response->body, &refusal);
    *error = (struct c2d_error) {
        .step = C2D_STEP_ANSWER,
        .http_status = response->status,
        .hub_code = refusal.code,
        .retry_after_s =
            hub_error_retry_after_s(http_headers_get(&response->headers, "Retry-After"), now_s),
        .retryable = hub_error_is_retryable(response->status),
    };
    snprintf(error->hub_code_name, sizeof error->hub_code_name, "%s", refusal.name);
    snprintf(error->request_id, sizeof error->request_id, "%s", refusal.tracking_id);
    /* Headers override the body, which may be empty or written by a proxy. */
    copy_header(response, "iothub-errorcode", error->hub_code_name, sizeof error->hub_code_name);
    copy_header(response, "x-ms-request-id", error->request_id, sizeof error->request_id);
    row = find_row(error->hub_code, error->hub_code_name);
    /* The code is more precise than the HTTP status: a 400 may be a time-out, a 404 a fail-over. */
    if (row != NULL) {
        error->hub_code = row->code;
        error->retryable = row->retryable;
    }
    if (may_be_disabled(request, error))
        describe_missing(request, refusal.message, error);
    else if (row != NULL && row->text != NULL)
        describe_row(row, request, error);
    else if (response->status < 400 || (response->status == 403 && !is_from_hub(error)))
        describe_foreign(response, error);
    else
        describe_http(response, request, refusal.message, error);
    add_facts(error);
    return error->status;
}
