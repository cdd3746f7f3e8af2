/* Reads a batch of delivery feedback leniently: every member of a record may be missing, and
 * unknown members are passed on. */
#include "feedback.h"

#include "base/error.h"
#include "base/json_write.h"
#include "base/text.h"
#include "json_read.h"

#include <stdlib.h>
#include <string.h>

/* The public batch, and the memory that it points to. */
struct owned_feedback {
    struct c2d_feedback shown; /* first, so that both have the same address */
    struct cJSON *tree;
    char *lock_token;
    char **extras; /* one for each record, may be NULL */
    struct c2d_feedback_record *records;
};

/* Indexed by the number that a hub may write instead of the word. */
static const char *const outcomes[] = { "Success", "Expired", "DeliveryCountExceeded", "Rejected",
                                        "Purged" };
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

/* word: as returned by outcome_word(), or any other text. */
static enum c2d_feedback_outcome outcome_of(const char *word)
{
    for (int i = 0; word != NULL && i < OUTCOMES; i++)
        if (strcmp(word, outcomes[i]) == 0)
            return (enum c2d_feedback_outcome)(C2D_FEEDBACK_SUCCESS + i);
    return C2D_FEEDBACK_UNKNOWN;
}

/* Returns the usual spelling of text if it is one of the five words in any case, else NULL. */
static const char *outcome_word(const char *text)
{
    for (size_t i = 0; text != NULL && i < OUTCOMES; i++)
        if (text_equals_nocase(text, outcomes[i]))
            return outcomes[i];
    return NULL;
}

/* Returns the value of a statusCode: one of the five words, also for the numbers 0-4, or any other
 * text unchanged. NULL for anything else. */
static const char *read_status(const struct cJSON *item)
{
    const char *text = json_as_text(item);
    const char *word = outcome_word(text);
    double number;

    if (word != NULL || text != NULL)
        return word != NULL ? word : text;
    for (size_t i = 0; i < OUTCOMES; i++)
        if (json_as_number(item, OUTCOMES - 1, &number) && number == (double)i)
            return outcomes[i];
    return NULL;
}

/* True for null and "", which count as a missing statusCode. */
static bool is_blank(const struct cJSON *item)
{
    const char *text = json_as_text(item);

    return text != NULL ? *text == '\0' : json_is_null(item);
}

/* The members of a record, in the order in which they are written. */
static const struct {
    const char *name;
    size_t at; /* offset of the text in struct c2d_feedback_record */
} members[] = {
#define AT(member) offsetof(struct c2d_feedback_record, member)
    { "originalMessageId", AT(original_message_id) },
    { "deviceId", AT(device_id) },
    { "deviceGenerationId", AT(device_generation_id) },
    { "statusCode", AT(status_code) },
    { "description", AT(description) },
    { "enqueuedTimeUtc", AT(enqueued_time) },
};
enum { MEMBERS = sizeof members / sizeof *members };

/* Returns the member of record that item sets, or NULL if item is unknown or of another type. */
static const char **record_place(struct c2d_feedback_record *record, const struct cJSON *item)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const char **place = (const char **)(void *)((char *)record + members[i].at);
        bool is_text = place == &record->status_code ? read_status(item) != NULL && !is_blank(item)
                                                     : json_as_text(item) != NULL;

        /* Of duplicates the first counts; the others are kept as extras. */
        if (text_equals_nocase(json_name(item), members[i].name))
            return is_text && *place == NULL ? place : NULL;
    }
    return NULL;
}

/* Unknown members are kept as JSON in *extra. False: out of memory. */
static bool read_record(const struct cJSON *object, struct c2d_feedback_record *record,
                        char **extra)
{
    struct buf rest = { 0 };
    const struct cJSON *item;
    bool has_status = false; /* also true for one that cannot be read */

    buf_byte(&rest, '{');
    for (item = json_first(object); item != NULL; item = json_next(item)) {
        const char **place = record_place(record, item);
        char *text;

        if (text_equals_nocase(json_name(item), "statusCode") && !is_blank(item))
            has_status = true;
        if (place != NULL) {
            *place = place == &record->status_code ? read_status(item) : json_as_text(item);
            continue;
        }
        text = json_print(item);
        json_append_name(&rest, json_name(item));
        if (text == NULL)
            rest.failed = true;
        else
            json_append_json(&rest, text);
        free(text);
    }
    /* Hubs have omitted statusCode from successes: it is the default value, which their serialiser
     * does not write. */
    if (!has_status)
        record->status_code = outcome_word(record->description);
    record->outcome = outcome_of(record->status_code);
    if (!rest.failed && rest.size == 1) {
        buf_clear(&rest);
        return true;
    }
    buf_byte(&rest, '}');
    *extra = buf_take(&rest);
    record->extra_json = *extra;
    return *extra != NULL;
}

static enum c2d_status read_records(struct owned_feedback *owned, struct c2d_error *error)
{
    const struct cJSON *object;
    size_t index = 0, count = json_count(owned->tree);

    /* One more, as calloc() may return NULL for 0 bytes. */
    owned->extras = calloc(count + 1, sizeof *owned->extras);
    owned->records = calloc(count + 1, sizeof *owned->records);
    if (owned->extras == NULL || owned->records == NULL)
        return fail_memory(error);
    owned->shown.records = owned->records;
    owned->shown.record_count = count;
    for (object = json_first(owned->tree); object != NULL; object = json_next(object)) {
        if (!json_is_object(object))
            return fail(error, C2D_PROTOCOL,
                        "record %zu of the feedback batch is not a JSON object", index + 1);
        if (!read_record(object, &owned->records[index], &owned->extras[index]))
            return fail_memory(error);
        index++;
    }
    return C2D_OK;
}

enum c2d_status feedback_read(const struct buf *body, const char *lock_token,
                              struct c2d_feedback **feedback, struct c2d_error *error)
{
    struct owned_feedback *owned = calloc(1, sizeof *owned);
    enum c2d_status status;

    *feedback = NULL;
    if (owned == NULL)
        return fail_memory(error);
    owned->lock_token = strdup(lock_token);
    owned->shown.lock_token = owned->lock_token;
    status = owned->lock_token != NULL ? json_parse(body->data, body->size, &owned->tree, error)
                                       : fail_memory(error);
    if (status == C2D_OK && !json_is_array(owned->tree))
        status = fail(error, C2D_PROTOCOL, "the feedback batch is not a JSON array");
    if (status == C2D_OK)
        status = read_records(owned, error);
    if (status == C2D_OK)
        *feedback = &owned->shown;
    else
        c2d_feedback_free(&owned->shown);
    return status;
}

void c2d_feedback_free(struct c2d_feedback *feedback)
{
    struct owned_feedback *owned = (struct owned_feedback *)feedback;

    if (owned == NULL)
        return;
    for (size_t i = 0; i < owned->shown.record_count; i++)
        free(owned->extras[i]);
    free(owned->extras);
    free(owned->records);
    free(owned->lock_token);
    json_free(owned->tree);
    free(owned);
}

char *c2d_feedback_to_json(const struct c2d_feedback *feedback, size_t index)
{
    const struct c2d_feedback_record *record;
    struct buf line;

    if (feedback == NULL || index >= feedback->record_count)
        return NULL;
    record = &feedback->records[index];
    json_begin(&line);
    for (size_t i = 0; i < MEMBERS; i++)
        json_append_text(
            &line, members[i].name,
            *(const char *const *)(const void *)((const char *)record + members[i].at));
    json_append_member(&line, "extra", record->extra_json);
    json_append_key(&line, "batch");
    buf_byte(&line, '{');
    json_append_text(&line, "lockToken", feedback->lock_token);
    json_append_number(&line, "index", (long long)index);
    json_append_number(&line, "size", (long long)feedback->record_count);
    buf_byte(&line, '}');
    return json_end(&line);
}
