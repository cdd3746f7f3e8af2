/* table: a hash table from text to a value, by linear probing. Nothing is ever taken out of it
 * alone, so it needs no tombstones. */
#include "table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct table_slot {
    const char *key; /* NULL: free */
    void *value;
};

/* FNV-1a */
static size_t hash(const char *key)
{
    uint64_t value = 14695981039346656037u;

    for (; *key != '\0'; key++)
        value = (value ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)value;
}

/* The slot of key, or the free one where it belongs. The table is never full. */
static struct table_slot *probe(const struct table *table, const char *key)
{
    size_t i = hash(key) & (table->capacity - 1);

    while (table->slots[i].key != NULL && strcmp(table->slots[i].key, key) != 0)
        i = (i + 1) & (table->capacity - 1);
    return &table->slots[i];
}

void *table_find(const struct table *table, const char *key)
{
    return table->count > 0 ? probe(table, key)->value : NULL;
}

static bool grow(struct table *table)
{
    struct table bigger = { .capacity = table->capacity > 0 ? table->capacity * 2 : 64,
                            .count = table->count };

    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].key != NULL)
            *probe(&bigger, table->slots[i].key) = table->slots[i];
    free(table->slots);
    *table = bigger;
    return true;
}

bool table_add(struct table *table, const char *key, void *value)
{
    if (table->count >= table->capacity / 2 && !grow(table))
        return false;
    *probe(table, key) = (struct table_slot) { key, value };
    table->count++;
    return true;
}

void table_clear(struct table *table)
{
    free(table->slots);
    *table = (struct table) { 0 };
}
