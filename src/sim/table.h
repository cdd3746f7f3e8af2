#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Finds values by text. Zeroed storage is an empty table. */
struct table {
    struct table_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

/* NULL if there is none. */
void *table_find(const struct table *table, const char *key);
/* key must be new to the table and live as long as its value. False when out of memory. */
bool table_add(struct table *table, const char *key, void *value);
/* Forgets all keys; the values are the caller's. */
void table_clear(struct table *table);

#endif
