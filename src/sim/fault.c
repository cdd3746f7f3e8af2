/* fault: which requests a fault touches, and what it makes of their answers. */
#include "fault.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* A TLS record inside of TLS: nothing in it looks like HTTP. */
static const char garbage[] =
    "\x16\x03\x01\x02\x05\x01\xfe\x80\xff\x7f\r\n\x01\x02\r\n\r\n\xc3\x28";

struct fault *fault_new(void)
{
    struct fault *fault = calloc(1, sizeof *fault);

    if (fault != NULL) {
        fault->operation = OPERATION_ANY;
        fault->count = 1;
        fault->manner.cut_after = -1;
    }
    return fault;
}

void fault_free(struct fault *fault)
{
    if (fault == NULL)
        return;
    free(fault->definition);
    free(fault->device_id);
    free(fault->error_code);
    free(fault->retry_after);
    free(fault->body);
    free(fault->reason);
    free(fault->date);
    free(fault->age);
    free(fault->headers);
    free(fault->omit);
    free(fault);
}

void fault_list_add(struct fault_list *list, struct fault *fault)
{
    struct fault **link = &list->first;

    while (*link != NULL)
        link = &(*link)->next;
    *link = fault;
    fault->id = ++list->last_id;
}

const struct fault *fault_list_match(struct fault_list *list, enum operation operation,
                                     const char *device_id)
{
    for (struct fault *fault = list->first; fault != NULL; fault = fault->next) {
        if (fault->count == 0
            || (fault->operation != OPERATION_ANY && fault->operation != operation)
            || (fault->device_id != NULL && strcmp(fault->device_id, device_id) != 0))
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        if (fault->count > 0)
            fault->count--;
        fault->used++;
        return fault;
    }
    return NULL;
}

void fault_list_clear(struct fault_list *list)
{
    while (list->first != NULL) {
        struct fault *fault = list->first;

        list->first = fault->next;
        fault_free(fault);
    }
    list->last_id = 0;
}

bool fault_replaces_effect(const struct fault *fault)
{
    return fault->status != 0 || fault->html || fault->drop == DROP_BEFORE;
}

void fault_answer(const struct fault *fault, struct http_response *response, int64_t now_ms)
{
    struct answer answer = {
        .status = fault->status != 0 ? (int)fault->status : 200,
        .number = (int)fault->error_number,
        .name = fault->error_code,
        .text = "A fault was asked for",
    };
    enum shape shape = fault->shape;

    /* Without a code it is not the hub that speaks; without a body given it says nothing. */
    if (shape == SHAPE_DEFAULT && fault->error_code == NULL && fault->error_number == 0)
        shape = SHAPE_EMPTY;
    if (fault->html)
        shape = SHAPE_HTML;
    answer_custom(response, &answer, shape, now_ms);
}

void fault_apply(const struct fault *fault, struct http_response *response, int64_t now_ms)
{
    bool close = response->manner.close;
    char date[TIME_TEXT_SIZE];

    response->manner = fault->manner;
    response->manner.close |= close || fault->garbage;
    response->manner.drop = fault->drop != DROP_NONE;
    response->omit = fault->omit;
    response->reason = fault->reason;
    response->raw = fault->garbage ? garbage : NULL;
    if (fault->body != NULL) {
        buf_clear(&response->body);
        buf_text(&response->body, fault->body);
    }
    if (fault->retry_after != NULL)
        http_response_header(response, "Retry-After", fault->retry_after);
    if (fault->age != NULL)
        http_response_header(response, "Age", fault->age);
    time_format_http(now_ms + fault->date_skew_s * 1000, date);
    http_response_header(response, "Date", fault->date != NULL ? fault->date : date);
    buf_append(&response->headers, fault->headers, fault->headers_size);
}
