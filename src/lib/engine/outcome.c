#include "outcome.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS = 5 };

/* Lists the texts of an error in the order in which they are stored. */
static void texts_of(struct c2d_error *error, char *texts[TEXTS])
{
    char *all[TEXTS] = { error->hub_code_name, error->request_id, error->unreadable_sequence_number,
                         error->text, error->hint };

    memcpy(texts, all, sizeof all);
}

/* Returns NULL if all are empty, or if out of memory. */
static char *copy_texts(const struct c2d_error *error)
{
    char *texts[TEXTS], *copy, *at;
    size_t size = TEXTS;

    texts_of((struct c2d_error *)error, texts);
    for (size_t i = 0; i < TEXTS; i++)
        size += strlen(texts[i]);
    if (size == TEXTS || (copy = malloc(size)) == NULL)
        return NULL;
    at = copy;
    for (size_t i = 0; i < TEXTS; i++) {
        size_t text_size = strlen(texts[i]) + 1;

        memcpy(at, texts[i], text_size);
        at += text_size;
    }
    return copy;
}

void outcome_set(struct outcome *outcome, const struct c2d_error *error)
{
    outcome_clear(outcome);
    *outcome = (struct outcome) {
        .texts = copy_texts(error),
        .status = error->status,
        .http_status = error->http_status,
        .hub_code = error->hub_code,
        .retry_after_s = error->retry_after_s,
        .attempts = error->attempts,
        .step = (unsigned char)error->step,
        .retryable = error->retryable,
        .earlier_try_unanswered = error->earlier_try_unanswered,
        .gave_up = error->gave_up,
        .has_code_name = error->hub_code_name[0] != '\0',
    };
}

void outcome_get(const struct outcome *outcome, struct c2d_error *error)
{
    char *texts[TEXTS];
    const char *at = outcome->texts;

    error_reset(error);
    error->status = (enum c2d_status)outcome->status;
    error->step = (enum c2d_step)outcome->step;
    error->http_status = outcome->http_status;
    error->hub_code = outcome->hub_code;
    error->retry_after_s = outcome->retry_after_s;
    error->attempts = outcome->attempts;
    error->retryable = outcome->retryable;
    error->earlier_try_unanswered = outcome->earlier_try_unanswered;
    error->gave_up = outcome->gave_up;
    texts_of(error, texts);
    for (size_t i = 0; at != NULL && i < TEXTS; i++) {
        size_t size = strlen(at) + 1;

        memcpy(texts[i], at, size);
        at += size;
    }
    if (at != NULL || error->status == C2D_OK)
        return;
    if (outcome->has_code_name)
        memcpy(error->hub_code_name, "?", sizeof "?");
    /* A cancellation ends many calls at once and stores no texts, to need no memory. */
    fail(error, error->status, "%s",
         error->status == C2D_CANCELLED ? "cancelled" : "out of memory for the text of the error");
}

void outcome_clear(struct outcome *outcome)
{
    free(outcome->texts);
    *outcome = (struct outcome) { 0 };
}
