/* Finds the known word that a mistyped one is nearest to. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* Start with the word, and best NULL. */
struct nearest {
    const char *word; /* not terminated */
    size_t size;
    const char *best; /* out: the nearest of the candidates; NULL: none is near */
    size_t distance;  /* of best */
};

/* Compares word with one more candidate, which must outlive nearest. */
void nearest_try(struct nearest *nearest, const char *candidate);

#endif
