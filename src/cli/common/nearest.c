#include "nearest.h"

#include <string.h>

enum { LONGEST = 32 }; /* a longer word is not compared */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns the number of insertions, removals, replacements and exchanges of neighbours that turn a
 * into b ("optimal string alignment"). Both have at most LONGEST bytes. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][LONGEST + 1]; /* row i is stored in rows[i % 3] */

    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] =
                smaller(above[j - 1] + (a[i - 1] != b[j - 1]), smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

/* An abbreviation of three bytes or more is as near as one mistake. */
static size_t distance_to(const struct nearest *nearest, const char *candidate, size_t size)
{
    if (nearest->size >= 3 && nearest->size < size
        && memcmp(nearest->word, candidate, nearest->size) == 0)
        return 1;
    return edit_distance(nearest->word, nearest->size, candidate, size);
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    size_t size = strlen(candidate), distance;

    if (nearest->size > LONGEST || size > LONGEST || size == 0)
        return;
    distance = distance_to(nearest, candidate, size);
    /* One mistake, and one more for each four bytes. */
    if (distance > 1 + nearest->size / 4 || distance >= size)
        return;
    if (nearest->best == NULL || distance < nearest->distance) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
