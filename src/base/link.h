/* Doubly linked lists through members of what they hold: to take something out costs the same
 * wherever it is. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>

/* The head of a list, or a place in one. A list is a ring: its head comes after its last. */
struct link {
    struct link *next, *previous;
};

/* What a link is a member of. */
#define LINK_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* An empty list. */
void link_init(struct link *head);
bool link_is_empty(const struct link *head);
void link_append(struct link *head, struct link *link);
/* Takes link out of its list; a zeroed link is in none. It is zeroed afterwards. */
void link_remove(struct link *link);

#endif
