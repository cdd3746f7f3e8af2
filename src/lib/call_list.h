/* Lists of calls, linked through the calls themselves, and the order of calls for one device. */
#ifndef CALL_LIST_H
#define CALL_LIST_H

#include "call.h"

struct call_list {
    struct call *first, **last;
    size_t count;
};

void call_list_init(struct call_list *list);
void call_list_append(struct call_list *list, struct call *call);
/* Takes out and returns the call that *place points to. */
struct call *call_list_take(struct call_list *list, struct call **place);
/* False when call is not in the list. */
bool call_list_remove(struct call_list *list, const struct call *call);

enum { CALL_ORDER_BUCKETS = 64 };

/* The last unfinished call of each device, by a hash of its id. */
struct call_order {
    struct call *unfinished[CALL_ORDER_BUCKETS];
};

/* Adds call after the last unfinished one of its device. Returns false if there is none: call may
 * start. */
bool call_order_follows(struct call_order *order, struct call *call);
/* Removes a call that has ended. Returns the one that may start now, or NULL. */
struct call *call_order_leave(struct call_order *order, struct call *call);

#endif
