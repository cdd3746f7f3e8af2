#include "array.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 16 };

void *array_reserve(void *items, size_t *capacity, size_t count, size_t size)
{
    size_t larger = *capacity == 0 ? CAPACITY_MIN : *capacity;
    void *moved;

    if (count <= *capacity)
        return items;
    while (larger < count)
        larger *= 2;
    moved = realloc(items, larger * size);
    if (moved != NULL)
        *capacity = larger;
    return moved;
}
