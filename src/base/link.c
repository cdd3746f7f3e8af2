#include "link.h"

void link_init(struct link *head)
{
    head->next = head->previous = head;
}

bool link_is_empty(const struct link *head)
{
    return head->next == head;
}

void link_append(struct link *head, struct link *link)
{
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

void link_remove(struct link *link)
{
    if (link->next == NULL)
        return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    *link = (struct link) { 0 };
}
