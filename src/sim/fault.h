#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "answer.h"
#include "route.h"

enum drop { DROP_NONE, DROP_BEFORE, DROP_AFTER };

/* One wish of a test: which requests, and what goes wrong with them. Texts are owned; NULL or 0
 * where the test did not say. */
struct fault {
    struct fault *next;
    int64_t id;
    char *definition; /* the JSON it came from */
    int64_t used;

    enum operation operation;
    char *device_id; /* NULL: any */
    int64_t skip;    /* matches still to be left alone */
    int64_t count;   /* matches still to be touched; -1: for ever */

    int64_t status; /* answered instead of the effect */
    char *error_code;
    int64_t error_number;
    char *retry_after;
    enum shape shape;
    char *body;
    char *reason;
    bool html;
    bool garbage;
    enum drop drop;
    char *date; /* instead of the hub's */
    int64_t date_skew_s;
    char *age;
    char *headers; /* whole lines */
    size_t headers_size;
    char *omit; /* "\nETag\nDate\n" */
    struct http_manner manner;
};

struct fault_list {
    struct fault *first;
    int64_t last_id;
};

/* NULL when out of memory. Its cut_after is -1 and its count 1. */
struct fault *fault_new(void);
void fault_free(struct fault *fault);
/* Takes fault over and gives it an id. */
void fault_list_add(struct fault_list *list, struct fault *fault);
/* The first fault that has this request to touch, used up by one; NULL if there is none. */
const struct fault *fault_list_match(struct fault_list *list, enum operation operation,
                                     const char *device_id);
void fault_list_clear(struct fault_list *list);

/* Does the fault stand in for the effect? */
bool fault_replaces_effect(const struct fault *fault);
/* Makes response the answer that stands in for the effect. */
void fault_answer(const struct fault *fault, struct http_response *response, int64_t now_ms);
/* Spoils the finished answer. response borrows texts from fault. */
void fault_apply(const struct fault *fault, struct http_response *response, int64_t now_ms);

#endif
