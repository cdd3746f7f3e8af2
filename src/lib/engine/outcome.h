/* An error without its unused room: what a call keeps between its attempts, and until its result is
 * handed out. A struct c2d_error takes 1 KiB, an outcome 48 bytes and its texts. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "c2d.h"

/* Zeroed: C2D_OK. */
struct outcome {
    int64_t hub_time_s;
    char *texts; /* hub_code_name, request_id, ..., each with its NUL; NULL: all are empty */
    int status, http_status, hub_code, retry_after_s;
    unsigned attempts;
    unsigned char step;
    bool retryable, earlier_try_unanswered, gave_up;
    bool has_code_name; /* what the hub said decides more than its text does */
};

/* Replaces what outcome held. Without memory only the texts are lost. */
void outcome_set(struct outcome *outcome, const struct c2d_error *error);
/* Fills in all of error. A failure whose texts are lost gets others. */
void outcome_get(const struct outcome *outcome, struct c2d_error *error);
/* Empties it. Zeroed storage is fine. */
void outcome_clear(struct outcome *outcome);

#endif
