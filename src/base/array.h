/* Arrays that grow. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/* Returns items, or the array in their place, with room for count items of size bytes; NULL if out
 * of memory: then items are unchanged. Doubles *capacity as often as needed, so that appending
 * costs the same however many there are. Not for secrets: realloc(3) may leave copies. */
void *array_reserve(void *items, size_t *capacity, size_t count, size_t size);

#endif
