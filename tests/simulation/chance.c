#include "chance.h"

/* splitmix64, by Sebastiano Vigna: public domain, passes BigCrush, any state is valid. */
uint64_t chance_next(struct chance *chance)
{
    uint64_t mixed = chance->state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

struct chance chance_from(uint64_t seed, uint64_t a, uint64_t b)
{
    struct chance chance = { seed };

    chance.state = chance_next(&chance) ^ a;
    chance.state = chance_next(&chance) ^ b;
    return chance;
}

uint64_t chance_below(struct chance *chance, uint64_t limit)
{
    return chance_next(chance) % limit;
}

int64_t chance_between(struct chance *chance, int64_t low, int64_t high)
{
    return low + (int64_t)chance_below(chance, (uint64_t)(high - low) + 1);
}

bool chance_percent(struct chance *chance, unsigned percent)
{
    return chance_below(chance, 100) < percent;
}

size_t chance_weighted(struct chance *chance, const unsigned char *weights, size_t count)
{
    uint64_t sum = 0, at;
    size_t i = 0;

    for (size_t k = 0; k < count; k++)
        sum += weights[k];
    at = chance_below(chance, sum);
    while (at >= weights[i])
        at -= weights[i++];
    return i;
}
