/* An answer that was not wanted becomes one status, one sentence and one next step. What a proxy or
 * a login portal says in the hub's place is told apart from what the hub says. */
#include "hub_error.h"

#include "base/error.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "hub_refusal.h"

#include <stdio.h>
#include <string.h>

/* The hub's codes, from its documents. Without a text, the HTTP status says enough. %s is the
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
    /* Not retryable, and yet tried once more: with a fresh token, by the retry policy. */
    { 401002, "IotHubUnauthorizedAccess", C2D_AUTH, false, NULL, NULL },
    { 401003, "IotHubUnauthorized", C2D_AUTH, false, NULL, NULL },
    { 429001, "ThrottlingException", C2D_THROTTLED, true, NULL, NULL },
    { 500001, "ServerError", C2D_SERVER, true, NULL, NULL },
    { 503001, "ServiceUnavailable", C2D_SERVER, true, NULL, NULL },
    { 503005, "ServerBusy", C2D_SERVER, true, NULL, NULL },
    { 400001, "InvalidProtocolVersion", C2D_PROTOCOL, false,
      "the hub does not know this api-version", "leave --api-version out" },
    { 400024, "RequestTimedOut", C2D_SERVER, true, "the hub was too slow to answer", "" },
    { 403002, "IotHubQuotaExceeded", C2D_QUOTA, false, "the hub's messages of this day are used up",
      "the quota resets at 00:00 UTC" },
    { 403004, "DeviceMaximumQueueDepthExceeded", C2D_QUEUE_FULL, false,
      "device '%s' already holds 50 messages",
      "let the device receive, or run: c2d-http purge %s" },
    { 403007, "DeviceMaximumQueueSizeExceeded", C2D_QUEUE_FULL, false,
      "the messages that device '%s' holds are too large together",
      "let the device receive, or run: c2d-http purge %s" },
    { 403009, "InvalidMessageExpiryTime", C2D_PROTOCOL, false,
      "the hub refused the message's expiry time",
      "it must lie ahead, by 2 days at most: is this machine's clock right?" },
    { 403010, "OperationNotAvailableInCurrentTier", C2D_AUTH, false,
      "this hub's tier has no cloud-to-device messages",
      "Basic has none: the hub must be of the Standard (or Free) tier" },
    { 403012, "DeviceDisabled", C2D_AUTH, false, "device '%s' is disabled in the hub's registry",
      "enable it there" },
    { 404001, "DeviceNotFound", C2D_NOT_FOUND, false, "the hub knows no device '%s'",
      "ids are case-sensitive: compare with the registry" },
    { 404012, "IotHubFailingOver", C2D_SERVER, true, "the hub is moving to another region",
      "try again in some minutes" },
    { 404013, "FeatureNotSupported", C2D_NOT_FOUND, false, "the hub does not have this feature",
      "" },
    { 412002, "DeviceMessageLockLost", C2D_LOCK_LOST, false,
      "the lock has lapsed, or was settled before", "receive again: the message comes back" },
    { 413001, "MessageTooLarge", C2D_TOO_LARGE, false, "the hub finds the message too large",
      "64 KiB with all properties is the most" },
};

/* What a 401 says, and what to do, which depends on what was to prove who asks. */
static const struct {
    const char *text, *hint; /* %s is the device, for a policy the right that it needs */
} proofs[] = {
    [PROOF_POLICY] = { "the hub refused the credentials",
                       "the policy needs the right %s, and its present key; is this machine's "
                       "clock right?" },
    [PROOF_DEVICE_KEY] = { "the hub refused the credentials",
                           "is the connection string that of device '%s', with its present key? "
                           "Is this machine's clock right?" },
    [PROOF_TOKEN] = { "the hub refused the credentials (a ready SharedAccessSignature)",
                      "it needs the right %s, the present key and an end that lies ahead: see "
                      "c2d-http sas --decode" },
    [PROOF_CERTIFICATE] = { "the hub refused the device's certificate",
                            "does the registry have this thumbprint for device '%s'? openssl x509 "
                            "-noout -fingerprint -sha256 -in CERTIFICATE" },
    [PROOF_UNSEEN] = { "the hub saw no certificate: whoever talked TLS here did not ask for one",
                       "a proxy that inspects TLS breaks certificates: have this host exempted "
                       "from inspection, or give device '%s' a key" },
};

/* What an HTTP status means where the hub's code says no more. */
static const struct {
    int http;
    enum c2d_status status;
    const char *text;
} by_http[] = {
    { 401, C2D_AUTH, NULL },
    { 403, C2D_AUTH, "the hub forbids this" },
    { 404, C2D_NOT_FOUND, "the hub finds nothing there" },
    { 412, C2D_LOCK_LOST, "the lock has lapsed, or was settled before" },
    { 413, C2D_TOO_LARGE, "the hub finds the message too large" },
    { 429, C2D_THROTTLED, "the hub is asked too often" },
};

static const struct row *find_row(int code, const char *name)
{
    /* By name too: the first of the two live shapes of a body has no number. */
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

/* A hub's own answer carries its code or its request id; a filter's does not. */
static bool is_from_hub(const struct c2d_error *error)
{
    return error->hub_code != 0 || error->hub_code_name[0] != '\0' || error->request_id[0] != '\0';
}

static void add_facts(struct c2d_error *error)
{
    char text[sizeof error->text];

    /* The facts come last and must fit: a long text is cut for them. */
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

/* The texts of the tables are data, no formats: "%s", once, is where word goes. */
static const char *with_word(const char *text, const char *word, char out[static 512])
{
    const char *mark = strstr(text, "%s");

    if (mark == NULL)
        return text;
    snprintf(out, 512, "%.*s%s%s", (int)(mark - text), text, word, mark + 2);
    return out;
}

static const char *device_of(const struct hub_question *question)
{
    return question->device_id == NULL ? "?" : question->device_id;
}

/* A hub that shuts an address out answers 401 and does not say why [hub docs, IP filters]. */
#define SHUT_OUT "; a hub whose IP rules or private endpoint shut this address out says the same"

static void hint_auth(const struct hub_question *question, struct c2d_error *error)
{
    bool is_right = question->proof == PROOF_POLICY || question->proof == PROOF_TOKEN;
    const char *word = is_right ? question->right : device_of(question);
    char text[512];

    /* Where no certificate was asked for, it was not the hub that answered. */
    hint(error, "%s%s", with_word(proofs[question->proof].hint, word, text),
         question->proof == PROOF_UNSEEN ? "" : SHUT_OUT);
}

static void describe_row(const struct row *row, const struct hub_question *question,
                         struct c2d_error *error)
{
    const char *device = device_of(question);
    struct buf word = { 0 };
    char text[512];

    fail(error, row->status, "%s", with_word(row->text, device, text));
    /* Hints name a device in commands alone: an id may hold quotes and "$(". */
    text_append_shell_word(&word, device);
    if (!word.failed)
        hint(error, "%s", with_word(row->hint, word.data, text));
    buf_clear(&word);
}

/* True for a refusal that may mean two things: over HTTPS a device that is disabled is refused like
 * one that the registry does not know, mostly without a code. */
static bool may_be_disabled(const struct hub_question *question, const struct c2d_error *error)
{
    if (error->http_status != 404 || question->device_id == NULL)
        return false;
    return error->hub_code == 404001 ? question->proof != PROOF_POLICY
                                     : error->hub_code == 0 && error->hub_code_name[0] == '\0';
}

static void describe_missing(const struct hub_question *question, const char *message,
                             struct c2d_error *error)
{
    fail(error, C2D_NOT_FOUND, "device '%.128s' is unknown to the hub, or disabled there%s%s",
         question->device_id, *message != '\0' ? ": " : "", message);
    hint(error,
         "look in the hub's registry: does it have this id, in the same case, and is the "
         "device enabled?%s",
         is_from_hub(error) ? "" : " If so, see who answered: --trace -");
}

static void describe_stranger(const struct http_response *response, struct c2d_error *error)
{
    const char *location = http_headers_get(&response->headers, "Location");

    if (location != NULL && response->status / 100 == 3) {
        fail(error, C2D_PROTOCOL, "a redirect to %.200s is not followed", location);
        hint(error, "a hub never redirects: a proxy or a login portal answered");
    } else if (response->status == 403) {
        fail(error, C2D_AUTH, "a filter on the way answered, not the hub");
        hint(error, "ask the network's administrator to let this host through; if the hub has a "
                    "private endpoint, its name must lead to that address here");
    } else {
        fail(error, C2D_PROTOCOL, "this is no answer that a hub gives");
        hint(error, "a proxy or a login portal may have answered: look with --trace -");
    }
}

static void describe_http(const struct http_response *response, const struct hub_question *question,
                          const char *message, struct c2d_error *error)
{
    if (response->status >= 500) {
        bool known = is_from_hub(error);

        fail(error, C2D_SERVER, "%s has a fault%s%s",
             known ? "the hub" : "the hub, or a proxy on the way to it,",
             *message != '\0' ? ": " : "", message);
        hint(error, "%s", known ? "" : "see who answered: --trace -");
        return;
    }
    for (size_t i = 0; i < sizeof by_http / sizeof *by_http; i++) {
        if (by_http[i].http != response->status)
            continue;
        fail(error, by_http[i].status, "%s%s%s",
             response->status == 401 ? proofs[question->proof].text : by_http[i].text,
             *message != '\0' ? ": " : "", message);
        if (by_http[i].status == C2D_AUTH)
            hint_auth(question, error);
        return;
    }
    fail(error, C2D_PROTOCOL, "the hub refused to %s%s%s", question->what,
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
        /* Too large to hold is still a wish to wait: the cap decides. */
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
                               const struct hub_question *question, int64_t now_s,
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
    /* Headers win over the body, which may be empty or a stranger's. */
    copy_header(response, "iothub-errorcode", error->hub_code_name, sizeof error->hub_code_name);
    copy_header(response, "x-ms-request-id", error->request_id, sizeof error->request_id);
    row = find_row(error->hub_code, error->hub_code_name);
    /* The code knows better than the HTTP status: a 400 can be a time-out, a 404 a fail-over. */
    if (row != NULL) {
        error->hub_code = row->code;
        error->retryable = row->retryable;
    }
    if (may_be_disabled(question, error))
        describe_missing(question, refusal.message, error);
    else if (row != NULL && row->text != NULL)
        describe_row(row, question, error);
    else if (response->status < 400 || (response->status == 403 && !is_from_hub(error)))
        describe_stranger(response, error);
    else
        describe_http(response, question, refusal.message, error);
    add_facts(error);
    return error->status;
}
