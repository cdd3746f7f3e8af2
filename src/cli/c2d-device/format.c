#include "format.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the line "  name  value" with value made printable; nothing if value is NULL. */
static bool put_field(FILE *out, const char *name, const char *value, size_t size)
{
    char *shown = value == NULL ? NULL : text_printable(value, size);

    if (shown != NULL)
        fprintf(out, "  %-14s %s\n", name, shown);
    free(shown);
    return value == NULL || shown != NULL;
}

static bool put_text(FILE *out, const struct c2d_message *message, long long number)
{
    const struct c2d_property fields[] = {
        { "id", message->message_id },
        { "correlation id", message->correlation_id },
        { "user id", message->user_id },
        { "sequence", message->sequence_number },
        { "enqueued", message->enqueued_time },
        { "expires", message->expiry_time },
        { "content type", message->content_type },
        { "encoding", message->content_encoding },
        { "ack wanted", c2d_ack_name(message->ack) },
        { "lock token", message->lock_token },
    };
    bool ok = true;

    fprintf(out, "message %lld, %zu bytes\n", number, message->body_size);
    for (size_t i = 0; ok && i < sizeof fields / sizeof *fields; i++)
        ok = put_field(out, fields[i].name, fields[i].value,
                       fields[i].value == NULL ? 0 : strlen(fields[i].value));
    if (message->delivery_count > 0)
        fprintf(out, "  %-14s %d times\n", "abandoned", message->delivery_count);
    for (size_t i = 0; ok && i < message->property_count; i++) {
        char *name =
            text_printable(message->properties[i].name, strlen(message->properties[i].name));
        char *value =
            text_printable(message->properties[i].value, strlen(message->properties[i].value));

        ok = name != NULL && value != NULL
             && fprintf(out, "  %-14s %s = %s\n", "property", name, value) > 0;
        free(name);
        free(value);
    }
    return ok
           && put_field(out, "body", message->body_size == 0 ? "" : message->body,
                        message->body_size);
}

static char *message_text(const struct c2d_message *message, long long number, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    bool ok = out != NULL && put_text(out, message, number);

    if (out != NULL)
        ok = fclose(out) == 0 && ok;
    if (ok)
        return text;
    free(text);
    return NULL;
}

static char *message_line(const struct c2d_message *message, size_t *size)
{
    char *line = c2d_message_to_json(message, true);
    char *longer;

    if (line == NULL)
        return NULL;
    *size = strlen(line) + 1;
    longer = realloc(line, *size + 1);
    if (longer == NULL) {
        free(line);
        return NULL;
    }
    memcpy(longer + *size - 1, "\n", 2);
    return longer;
}

char *format_message(enum format format, const struct c2d_message *message, long long number,
                     size_t *size)
{
    char *body;

    if (format == FORMAT_JSON)
        return message_line(message, size);
    if (format == FORMAT_TEXT)
        return message_text(message, number, size);
    *size = message->body_size;
    body = malloc(*size + 1);
    if (body != NULL && *size > 0)
        memcpy(body, message->body, *size);
    return body;
}
