#include "call_list.h"

#include <string.h>

/* ---- Lists ---- */

void call_list_init(struct call_list *list)
{
    *list = (struct call_list) { 0 };
    list->last = &list->first;
}

void call_list_append(struct call_list *list, struct call *call)
{
    call->next = NULL;
    *list->last = call;
    list->last = &call->next;
    list->count++;
}

struct call *call_list_take(struct call_list *list, struct call **place)
{
    struct call *call = *place;

    *place = call->next;
    if (list->last == &call->next)
        list->last = place;
    list->count--;
    return call;
}

bool call_list_remove(struct call_list *list, const struct call *call)
{
    struct call **place = &list->first;

    while (*place != NULL && *place != call)
        place = &(*place)->next;
    return *place != NULL && call_list_take(list, place) == call;
}

/* ---- One after the other for each device ---- */

static struct call **bucket_of(struct call_order *order, const struct call *call)
{
    unsigned hash = 5381;

    for (const char *at = call->device_id == NULL ? "" : call->device_id; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    return &order->unfinished[hash % CALL_ORDER_BUCKETS];
}

static bool same_device(const struct call *a, const struct call *b)
{
    return a->device_id == NULL || b->device_id == NULL ? a->device_id == b->device_id
                                                        : strcmp(a->device_id, b->device_id) == 0;
}

bool call_order_follows(struct call_order *order, struct call *call)
{
    struct call **place = bucket_of(order, call);
    struct call *before;

    while (*place != NULL && !same_device(*place, call))
        place = &(*place)->bucket_next;
    before = *place;
    call->bucket_next = before == NULL ? NULL : before->bucket_next;
    *place = call;
    if (before != NULL)
        before->follower = call;
    return before != NULL;
}

struct call *call_order_leave(struct call_order *order, struct call *call)
{
    struct call **place = bucket_of(order, call);
    struct call *follower = call->follower;

    while (*place != NULL && *place != call)
        place = &(*place)->bucket_next;
    /* A call that has a follower is not there: the last one of its device is. */
    if (*place != NULL)
        *place = (*place)->bucket_next;
    call->follower = NULL;
    return follower;
}
