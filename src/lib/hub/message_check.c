/* Checks a message before a request is made. */
#include "message.h"

#include "base/error.h"
#include "base/text_set.h"
#include "ids.h"
#include "limits.h"
#include "system_property.h"

#include <stdio.h>
#include <string.h>

/* Checks a property. earlier: the names of those before it. */
static enum c2d_status check_property(const struct c2d_property *property, struct text_set *earlier,
                                      struct c2d_error *error)
{
    enum c2d_status status = ids_check_property_name(property->name, error);
    char what[160];

    if (status != C2D_OK)
        return status;
    if (!text_set_add(earlier, property->name))
        return fail(error, C2D_DATA,
                    "property '%.128s' is given twice (names are case-insensitive)",
                    property->name);
    snprintf(what, sizeof what, "value of property '%.128s'", property->name);
    return ids_check_value(what, property->value, error);
}

static enum c2d_status check_properties(const struct c2d_message *message, size_t *size,
                                        struct c2d_error *error)
{
    struct text_set names = { .nocase = true };
    enum c2d_status status = C2D_OK;

    if (message->property_count > LIMIT_PROPERTIES)
        return fail(error, C2D_DATA, "the message has more than %d properties", LIMIT_PROPERTIES);
    if (message->property_count > 0 && !text_set_reserve(&names, message->property_count))
        return fail_memory(error);
    for (size_t i = 0; status == C2D_OK && i < message->property_count; i++) {
        const struct c2d_property *property = &message->properties[i];

        status = check_property(property, &names, error);
        *size += strlen(property->name) + strlen(property->value);
    }
    text_set_clear(&names);
    return status;
}

static enum c2d_status check_system_values(const struct c2d_message *message, size_t *size,
                                           struct c2d_error *error)
{
    for (size_t i = 0; i < SYSTEM_PROPERTIES; i++) {
        const struct system_property *property = &system_properties[i];
        const char *value = property->what == NULL ? NULL : system_property_get(message, property);
        enum c2d_status status;

        if (value == NULL)
            continue;
        status = property->at == offsetof(struct c2d_message, message_id)
                     ? ids_check_message(value, error)
                     : ids_check_value(property->what, value, error);
        if (status != C2D_OK)
            return status;
        /* The hub counts the values of system properties, not the names. */
        *size += strlen(value);
    }
    return C2D_OK;
}

/* Checks for errors of the caller: a number that its enum lacks, or NULL. */
static enum c2d_status check_use(const struct c2d_message *message, struct c2d_error *error)
{
    for (size_t i = 0; i < sizeof message->spare / sizeof *message->spare; i++)
        if (message->spare[i] != NULL)
            return fail(error, C2D_USAGE, "the message sets members that this version lacks");
    /* Compilers differ in whether the enum has a sign. */
    if ((unsigned)message->ack > C2D_ACK_FULL)
        return fail(error, C2D_USAGE, "%d is not an ack", (int)message->ack);
    if (message->expires_at_s < 0)
        return fail(error, C2D_USAGE, "the expiry is before 1970");
    if ((message->body == NULL && message->body_size > 0)
        || (message->properties == NULL && message->property_count > 0))
        return fail(error, C2D_USAGE, "the message has a size, but no body or properties (NULL)");
    for (size_t i = 0; i < message->property_count; i++)
        if (message->properties[i].name == NULL || message->properties[i].value == NULL)
            return fail(error, C2D_USAGE, "property %zu has no name or no value (NULL)", i + 1);
    return C2D_OK;
}

enum c2d_status message_check(const struct c2d_message *message, struct c2d_error *error)
{
    size_t size = message->body_size;
    enum c2d_status status = check_use(message, error);

    if (status != C2D_OK)
        return status;
    if (message->ttl_s < 0 || message->ttl_s > LIMIT_EXPIRY_S
        || (message->ttl_s > 0 && message->expires_at_s != 0))
        return fail(error, C2D_DATA, "the message's ttl must be 2 days at most, without an expiry");
    /* If the body alone is too large, that is reported rather than an invalid value. */
    if (message->body_size <= C2D_MESSAGE_SIZE_MAX)
        status = check_system_values(message, &size, error);
    if (status == C2D_OK && message->body_size <= C2D_MESSAGE_SIZE_MAX)
        status = check_properties(message, &size, error);
    if (status == C2D_OK && size > C2D_MESSAGE_SIZE_MAX) {
        hint(error, "send a link to the data instead, or split it");
        status =
            fail(error, C2D_TOO_LARGE, "the message is %zu bytes with its properties, more than %d",
                 size, C2D_MESSAGE_SIZE_MAX);
    }
    return status;
}
