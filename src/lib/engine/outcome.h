/* A compact struct c2d_error, which a call keeps until its result is returned: 48 bytes and the
 * texts instead of 1 KiB. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "c2d.h"

/* Zeroed: C2D_OK. */
struct outcome {
    char *texts; /* hub_code_name, request_id, ..., each with its NUL; NULL: all are empty */
    int status, http_status, hub_code, retry_after_s;
    unsigned attempts;
    unsigned char step;
    bool retryable, earlier_try_unanswered, gave_up;
    bool has_code_name; /* kept apart from the texts, as decisions depend on it */
};

/* Replaces outcome. If out of memory, only the texts are lost. */
void outcome_set(struct outcome *outcome, const struct c2d_error *error);
/* Fills in all of error. A failure whose texts were lost gets a generic one. */
void outcome_get(const struct outcome *outcome, struct c2d_error *error);
/* Frees the texts and zeroes outcome. A zeroed one is fine. */
void outcome_clear(struct outcome *outcome);

#endif
