#include "system_property.h"

#define AT(member) offsetof(struct c2d_message, member)

const struct system_property system_properties[SYSTEM_PROPERTIES] = {
    { AT(device_id), "deviceId", NULL, { NULL } },
    { AT(message_id), "messageId", "message id", { "iothub-messageid" } },
    { AT(correlation_id), "correlationId", "correlation id", { "iothub-correlationid" } },
    { AT(user_id), "userId", "user id", { "iothub-userid" } },
    { AT(to), "to", NULL, { "iothub-to" } },
    /* A text: JSON readers lose digits of a 64-bit number. */
    { AT(sequence_number), "sequenceNumber", NULL, { "iothub-sequencenumber" } },
    /* Texts, too: hubs have written times in more than one form. */
    { AT(enqueued_time), "enqueuedTime", NULL, { "iothub-enqueuedtime" } },
    { AT(expiry_time), "expiryTime", NULL, { "iothub-expiry" } },
    { AT(content_type),
      "contentType",
      "content type",
      { "iothub-contenttype", "ContentType", "Content-Type" } },
    { AT(content_encoding),
      "contentEncoding",
      "content encoding",
      { "iothub-contentencoding", "ContentEncoding", "Content-Encoding" } },
};

const char *system_property_get(const struct c2d_message *message,
                                const struct system_property *property)
{
    return *(const char *const *)(const void *)((const char *)message + property->at);
}

void system_property_set(struct c2d_message *message, const struct system_property *property,
                         const char *value)
{
    *(const char **)(void *)((char *)message + property->at) = value;
}
