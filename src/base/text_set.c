#include "text_set.h"

#include "hash.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

bool text_set_reserve(struct text_set *set, size_t count)
{
    size_t slot_count = 2;

    while (slot_count < 2 * count)
        slot_count *= 2;
    set->slots = calloc(slot_count, sizeof *set->slots);
    set->slot_count = set->slots == NULL ? 0 : slot_count;
    return set->slots != NULL;
}

static bool is_same(const struct text_set *set, const char *a, const char *b)
{
    return set->nocase ? text_equals_nocase(a, b) : strcmp(a, b) == 0;
}

/* Returns the slot of text, or the free slot for it. */
static const char **slot_of(const struct text_set *set, const char *text)
{
    uint64_t hash = HASH_START;
    size_t at;

    /* Without the bit that differs between upper and lower case. */
    for (const char *byte = text; *byte != '\0'; byte++)
        hash = hash_bytes(hash, &(char) { (char)(*byte | 0x20) }, 1);
    for (at = (size_t)hash & (set->slot_count - 1); set->slots[at] != NULL;
         at = (at + 1) & (set->slot_count - 1))
        if (is_same(set, set->slots[at], text))
            break;
    return &set->slots[at];
}

bool text_set_add(struct text_set *set, const char *text)
{
    const char **slot = slot_of(set, text);

    if (*slot != NULL)
        return false;
    *slot = text;
    return true;
}

bool text_set_has(const struct text_set *set, const char *text)
{
    return set->slot_count > 0 && *slot_of(set, text) != NULL;
}

void text_set_clear(struct text_set *set)
{
    free(set->slots);
    *set = (struct text_set) { 0 };
}
