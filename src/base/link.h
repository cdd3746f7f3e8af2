/* Intrusive doubly linked lists: an element can be removed in constant time. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>

/* The head of a list, or an element's link. Lists are circular: after the last comes the head. */
struct link {
    struct link *next, *previous;
};

/* The struct of type whose member is link. */
#define LINK_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Makes head an empty list. */
void link_init(struct link *head);
bool link_is_empty(const struct link *head);
void link_append(struct link *head, struct link *link);
/* Removes link from its list and zeroes it. A zeroed link, which is in no list, is fine. */
void link_remove(struct link *link);

#endif
