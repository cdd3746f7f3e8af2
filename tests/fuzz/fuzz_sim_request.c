/* Input: the bytes of requests to the simulated hub, one after the other. */
#include "check.h"
#include "sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sim_serve(data, size);
    return 0;
}
