/* The only source of chance of a simulation: the same seed gives the same numbers. */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* Returns a source whose numbers depend on all three only. */
struct chance chance_from(uint64_t seed, uint64_t a, uint64_t b);
uint64_t chance_next(struct chance *chance);
/* Returns a number in [0, limit); limit is 1 or more. */
uint64_t chance_below(struct chance *chance, uint64_t limit);
/* Returns a number in [low, high]. */
int64_t chance_between(struct chance *chance, int64_t low, int64_t high);
/* True in percent of 100 calls. */
bool chance_percent(struct chance *chance, unsigned percent);
/* Returns the index of one of count weights, in proportion to them; their sum is 1 or more. */
size_t chance_weighted(struct chance *chance, const unsigned char *weights, size_t count);

#endif
