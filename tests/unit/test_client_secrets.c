/* Events and traces of the observer hold no secret. */
#include "../support/script.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of all events, and their numbers. */
struct shown {
    struct buf text;
    size_t attempts, warnings, traces, dry_runs;
    char dry_run_url[256], dry_run_body[32];
};

static void watch(void *context, const struct c2d_event *event)
{
    struct shown *shown = context;
    const char *const texts[] = { event->method, event->url, event->path };

    shown->attempts += event->kind == C2D_EVENT_ATTEMPT;
    shown->warnings += event->kind == C2D_EVENT_WARNING;
    shown->traces += event->kind == C2D_EVENT_TRACE;
    for (size_t i = 0; i < COUNT(texts); i++)
        buf_format(&shown->text, "%s\n", texts[i] != NULL ? texts[i] : "");
    buf_append(&shown->text, event->text, event->text_size);
    for (size_t i = 0; i < event->header_count; i++)
        buf_format(&shown->text, "%s\n", event->headers[i]);
    buf_append(&shown->text, event->body, event->body_size);
    if (event->kind != C2D_EVENT_DRY_RUN)
        return;
    shown->dry_runs++;
    snprintf(shown->dry_run_url, sizeof shown->dry_run_url, "%s", event->url);
    snprintf(shown->dry_run_body, sizeof shown->dry_run_body, "%.*s", (int)event->body_size,
             event->body_size > 0 ? (const char *)event->body : "");
}

static struct c2d_options watched(struct shown *shown)
{
    struct c2d_options options = c2d_options_default();

    options.observer = watch;
    options.observer_context = shown;
    options.trace = true;
    return options;
}

/* True if text holds a part of the key, or the signature of a token that was sent. */
static void expect_no_secret(const struct script *script, const char *text)
{
    static const char *const keys[] = { DEVICE_KEY, SERVICE_KEY, "canary-key" };

    for (size_t i = 0; i < COUNT(keys); i++)
        cr_expect_null(strstr(text, keys[i]), "%s is shown: %s", keys[i], text);
    for (size_t i = 0; i < script->request_count; i++) {
        const char *at = strstr(script->requests[i].authorization, "sig=");
        char signature[128];

        cr_assert_not_null(at);
        snprintf(signature, sizeof signature, "%.*s", (int)strcspn(at + 4, "&"), at + 4);
        cr_expect_null(strstr(text, signature), "request %zu: its signature is shown: %s", i, text);
    }
}

Test(client_secrets, events_of_a_send_hold_no_secret_even_if_a_server_echoes_the_token)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = {
        .replies = { { .status = 401, .echoes = true },
                     { .status = 503, .echoes = true },
                     { .status = 400, .echoes = true } },
        .options = &options,
    };
    struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
    struct c2d_error error;

    c2d_send(client, "dev1", &(struct c2d_message) { .body = "hello", .body_size = 5 }, &error);
    cr_assert_eq(script.request_count, 3);
    cr_assert_eq(shown.attempts, 3);
    cr_assert_eq(shown.traces, 6, "each attempt must have a request and a response");
    cr_assert_not_null(strstr(shown.text.data, "Authorization: SharedAccessSignature sr="));
    cr_assert_not_null(strstr(shown.text.data, "you sent SharedAccessSignature"));
    expect_no_secret(&script, shown.text.data);
    expect_no_secret(&script, error.text);
    expect_no_secret(&script, error.hint);
    expect_no_secret(&script, error.hub_code_name);
    buf_clear(&shown.text);
    c2d_client_free(client);
}

Test(client_secrets, ready_token_is_masked_too)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = { .replies = { { .status = 200, .echoes = true } },
                             .options = &options };
    struct c2d_client *client = client_for_test(
        &script, "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature "
                 "se=4102444800&sig=Q0FOQVJZ%3D&sr=h");
    struct c2d_message *message = NULL;
    struct c2d_error error;

    c2d_receive(client, &message, &error);
    expect_no_secret(&script, shown.text.data);
    buf_clear(&shown.text);
    c2d_client_free(client);
}

static const char *const registry_answers[] = {
    "{\"deviceId\":\"d\",\"authentication\":{\"symmetricKey\":{\"primaryKey\":\"" DEVICE_KEY
    "\"}}}",
    "{\"authentication\":{\"primaryKey\":\"" DEVICE_KEY "\"}",
    "[{\"authentication\":\"" DEVICE_KEY "\"}]",
    "<html>" DEVICE_KEY,
};

Test(client_secrets, keys_of_the_registry_are_in_no_trace_and_no_error)
{
    for (size_t i = 0; i < COUNT(registry_answers); i++) {
        struct shown shown = { 0 };
        struct c2d_options options = watched(&shown);
        struct script script = {
            .replies = { { .status = 200, .body = registry_answers[i] } },
            .options = &options,
        };
        struct c2d_client *client = client_for_test(&script, SERVICE_STRING);
        struct c2d_device_info *info = NULL;
        struct c2d_error error;

        c2d_device_info_get(client, "d", &info, &error);
        cr_expect_eq(shown.traces, 2);
        expect_no_secret(&script, shown.text.data);
        expect_no_secret(&script, error.text);
        c2d_device_info_free(info);
        buf_clear(&shown.text);
        c2d_client_free(client);
    }
}

Test(client_secrets, trace_shows_names_and_values_of_headers_and_the_body_printably)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = {
        .replies = { { .status = 200,
                       .headers = { "ETag: \"t\"", "x: \x9b", "n\xc2\x9bm: v" },
                       .body = "\x1b[2J" } },
        .options = &options,
    };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    cr_assert_eq(c2d_receive(client, &message, NULL), C2D_OK);
    cr_assert_not_null(strstr(shown.text.data, "> GET https://" HUB "/devices/dev1/"));
    cr_assert_not_null(strstr(shown.text.data, "< HTTP 200\n"));
    cr_assert_not_null(strstr(shown.text.data, "< ETag: \"t\"\n"));
    cr_assert_not_null(strstr(shown.text.data, "x: \\x9b"));
    cr_assert_not_null(strstr(shown.text.data, "< n\\xc2\\x9bm: v\n"), "%s", shown.text.data);
    cr_assert_not_null(strstr(shown.text.data, "< [4 bytes] \\x1b[2J\n"));
    c2d_message_free(message);
    buf_clear(&shown.text);
    c2d_client_free(client);
}

Test(client_secrets, nothing_is_traced_unless_it_was_requested)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = { .replies = { { .status = 204 } }, .options = &options };
    struct c2d_client *client;
    struct c2d_message *message = NULL;

    options.trace = false;
    client = client_for_test(&script, DEVICE_STRING);
    c2d_receive(client, &message, NULL);
    cr_assert_eq(shown.attempts, 1);
    cr_assert_eq(shown.traces, 0);
    buf_clear(&shown.text);
    c2d_client_free(client);
}

Test(client_secrets, there_is_one_attempt_event_for_each_attempt)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = { .replies = { { .failure = C2D_NETWORK }, { .status = 204 } },
                             .options = &options };
    struct c2d_client *client = client_for_test(&script, DEVICE_STRING);
    struct c2d_message *message = NULL;

    c2d_receive(client, &message, NULL);
    cr_assert_eq(shown.attempts, 2);
    cr_assert_not_null(
        strstr(shown.text.data, "\n/devices/dev1/messages/deviceBound?api-version="));
    cr_assert_not_null(strstr(shown.text.data, "the connection was lost"));
    buf_clear(&shown.text);
    c2d_client_free(client);
}

Test(client_secrets, dry_run_sends_nothing_and_masks_the_token)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = { .options = &options };
    struct c2d_client *client;
    struct c2d_message hello = { .body = "hello", .body_size = 5, .message_id = "m1" };
    struct c2d_feedback *batch = NULL;
    struct c2d_device_info *info = NULL;
    struct c2d_error error;
    char *token = NULL, signature[128];

    options.dry_run = true;
    client = client_for_test(&script, SERVICE_STRING);
    cr_expect_eq(c2d_send(client, "dev1", &hello, &error), C2D_DRY_RUN);
    cr_expect_str_eq(shown.dry_run_url, "https://" HUB "/devices/dev1/messages/deviceBound"
                                        "?api-version=2020-09-30");
    cr_expect_str_eq(shown.dry_run_body, "hello");
    cr_expect_not_null(strstr(shown.text.data, "iothub-messageid: m1\n"));
    cr_expect_eq(c2d_feedback_receive(client, &batch, NULL), C2D_DRY_RUN);
    cr_expect_eq(c2d_feedback_settle(client, "t", C2D_COMPLETE, NULL), C2D_DRY_RUN);
    cr_expect_eq(c2d_purge(client, "d", NULL, NULL), C2D_DRY_RUN);
    cr_expect_eq(c2d_device_info_get(client, "d", &info, NULL), C2D_DRY_RUN);
    cr_expect_eq(shown.dry_runs, 5);
    cr_expect_eq(script.request_count, 0);
    /* The same hour's token, from the same key. */
    cr_assert_eq(c2d_sas_token(client, NULL, 3600, &token, NULL), C2D_OK);
    snprintf(signature, sizeof signature, "%s", strstr(token, "sig=") + 4);
    signature[strcspn(signature, "&")] = '\0';
    cr_expect_null(strstr(shown.text.data, signature));
    cr_expect_not_null(strstr(shown.text.data, "&sig=****"));
    free(token);
    buf_clear(&shown.text);
    c2d_client_free(client);
}

Test(client_secrets, signature_is_masked_where_an_id_looks_like_one)
{
    struct shown shown = { 0 };
    struct c2d_options options = watched(&shown);
    struct script script = { .replies = { { .status = 400, .echoes = true } },
                             .options = &options };
    struct c2d_client *client = client_for_test(
        &script, "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature "
                 "sr=h-sig=x&sig=Q0FOQVJZ%3D&se=4102444800");
    struct c2d_message *message = NULL;

    c2d_receive(client, &message, NULL);
    cr_expect_null(strstr(shown.text.data, "Q0FOQVJZ"), "%s", shown.text.data);
    buf_clear(&shown.text);
    c2d_client_free(client);
}
