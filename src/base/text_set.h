/* A set of texts, which are borrowed: to find repeated names at a cost that does not grow with
 * their number. Not for texts that somebody could choose to collide, unless their number is
 * limited. */
#ifndef TEXT_SET_H
#define TEXT_SET_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: empty, without room. */
struct text_set {
    const char **slots; /* a hash table, at most half full; NULL: the slot is free */
    size_t slot_count;  /* 0 or a power of 2 */
    bool nocase;        /* the case of ASCII letters does not count */
};

/* Makes room for count texts; nocase may be set before. False: out of memory. */
bool text_set_reserve(struct text_set *set, size_t count);
/* Adds text, for which there must be room. Returns false if the set has it already. */
bool text_set_add(struct text_set *set, const char *text);
bool text_set_has(const struct text_set *set, const char *text);
void text_set_clear(struct text_set *set);

#endif
