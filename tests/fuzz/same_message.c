#include "same_message.h"

#include "base/text.h"
#include "check.h"
#include "hub/system_property.h"

#include <stdlib.h>
#include <string.h>

bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* JSON has room for the years 1970-9999: see timestamp_format(). */
static bool is_writable(int64_t seconds)
{
    return seconds > 0 && seconds < INT64_C(253402300799);
}

void check_same_message(const struct c2d_message *a, const struct c2d_message *b)
{
    for (size_t i = 0; i < SYSTEM_PROPERTIES; i++)
        CHECK(same_text(system_property_get(a, &system_properties[i]),
                        system_property_get(b, &system_properties[i])));
    CHECK(same_text(a->lock_token, b->lock_token));
    CHECK(a->ack == b->ack && a->delivery_count == b->delivery_count);
    CHECK(a->enqueued_at_ms == b->enqueued_at_ms);
    if (is_writable(a->received_at_s) && is_writable(b->received_at_s))
        CHECK(a->received_at_s == b->received_at_s && a->lock_deadline_s == b->lock_deadline_s);
    CHECK(a->body_size == b->body_size);
    CHECK(a->body_size == 0 || memcmp(a->body, b->body, a->body_size) == 0);
    CHECK(a->property_count == b->property_count);
    for (size_t i = 0; i < a->property_count; i++) {
        const struct c2d_property *one = &a->properties[i], *other = &b->properties[i];

        CHECK(strcmp(one->value, other->value) == 0);
        CHECK(!utf8_valid(one->name, strlen(one->name)) || strcmp(one->name, other->name) == 0);
    }
}

void check_round_trip(const struct c2d_message *message)
{
    char *json = c2d_message_to_json(message, true), *again;
    struct c2d_message *copy = NULL;

    check_json(json);
    CHECK(c2d_message_from_json(&copy, json, strlen(json), NULL) == C2D_OK);
    check_same_message(message, copy);
    again = c2d_message_to_json(copy, false);
    check_json(again);
    c2d_message_free(copy);
    free(again);
    free(json);
}
