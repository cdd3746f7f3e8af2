/* Input: two bytes that choose the request, then the bytes of a response that refuses it. A server
 * may send the signature of the request back: KEY in the input. */
#include "base/json_write.h"
#include "check.h"
#include "engine/mask.h"
#include "hub/hub_clock.h"
#include "hub/hub_error.h"
#include "response.h"

#include <stdlib.h>

enum { NOW_S = 1767225600, /* before the release of c2d.h */ DAY_S = 24 * 3600 };

static int64_t now_ms(void *context)
{
    return *(const int64_t *)context * 1000;
}

static void check_facts(const struct c2d_error *error)
{
    struct buf line;
    char *json;

    CHECK(error->retry_after_s >= 0);
    CHECK(error->hub_code == 0 || (error->hub_code >= 400000 && error->hub_code <= 599999));
    json_begin(&line);
    json_append_text(&line, "hubCodeName", error->hub_code_name);
    json_append_text(&line, "requestId", error->request_id);
    json = json_end(&line);
    check_json(json);
    check_no_canary(json);
    free(json);
}

/* Checks that the hub's clock is followed only within the bound, and until a token of it is
 * refused. own_s: our time. */
static void check_clock(const struct http_response *response, bool is_back_end, int64_t own_s,
                        int64_t bound_s)
{
    const struct clock clock = { .wall_ms = now_ms, .monotonic_ms = now_ms, .context = &own_s };
    struct hub_clock hub = { .serves_back_end = is_back_end };
    int64_t off_s = 0;
    enum hub_clock_verdict verdict = hub_clock_follow(&hub, response, &clock, &off_s);

    CHECK((verdict == HUB_CLOCK_OURS) == (off_s == 0));
    CHECK((verdict == HUB_CLOCK_FOLLOWED) == (hub.offset_s != 0));
    CHECK(hub.offset_s <= bound_s);
    CHECK(hub_clock_now_s(&hub, &clock) == own_s + hub.offset_s);
    if (verdict != HUB_CLOCK_FOLLOWED)
        return;
    CHECK(hub_clock_follow(&hub, response, &clock, &off_s) == HUB_CLOCK_KNOWN);
    hub_clock_confirm(&hub);
    hub_clock_reject(&hub);
    CHECK(hub.offset_s == off_s);
    CHECK(hub_clock_follow(&hub, response, &clock, &off_s) == HUB_CLOCK_KNOWN);
    hub.is_confirmed = false;
    hub_clock_reject(&hub);
    CHECK(hub.offset_s == 0);
}

/* The bounds of hub_clock.h. */
static void check_clocks(const struct http_response *response)
{
    const int64_t later_s = C2D_RELEASE_S + DAY_S;

    check_clock(response, true, NOW_S, 3 * DAY_S);
    check_clock(response, false, later_s, 400 * DAY_S);
    /* Before the release, a device's clock is known to be wrong. */
    check_clock(response, false, NOW_S, C2D_RELEASE_S + (int64_t)3653 * DAY_S - NOW_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_request request = { .what = "send", .right = "ServiceConnect" };
    struct c2d_error error = { 0 };
    struct http_reader reader;
    size_t text_size;
    char *text;

    if (size < 2)
        return 0;
    request.auth = (enum hub_auth)(data[0] % (HUB_AUTH_NOT_REQUESTED + 1));
    request.device_id = data[1] % 2 == 0 ? NULL : "dev'1$(x)";
    text = input_replace(data + 2, size - 2, "KEY", CANARY, &text_size);
    (void)response_read(&reader, text, text_size);
    if (http_reader_counts(&reader, true) && reader.response.status >= 300) {
        CHECK(hub_error_read(&reader.response, &request, NOW_S, &error) == error.status);
        mask_error(&error, CANARY_TOKEN);
        check_error(&error);
        check_facts(&error);
        check_clocks(&reader.response);
    }
    http_reader_clear(&reader);
    free(text);
    return 0;
}
