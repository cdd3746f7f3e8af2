#include "../../src/cli/common/waiting.h"

#include <criterion/criterion.h>

Test(waiting, no_time_to_wait_means_to_ask_once)
{
    struct waiting waiting = waiting_begin(0, 10000);

    cr_assert_not(waiting_next(&waiting));
}
