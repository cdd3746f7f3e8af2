#include "base/text_set.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(text_set, each_text_is_added_once)
{
    enum { TEXTS = 1000 };
    static char texts[TEXTS][24];
    struct text_set set = { 0 };

    cr_assert(text_set_reserve(&set, TEXTS));
    for (int i = 0; i < TEXTS; i++) {
        snprintf(texts[i], sizeof texts[i], "text-%d", i);
        cr_expect_not(text_set_has(&set, texts[i]), "%d", i);
        cr_expect(text_set_add(&set, texts[i]), "%d", i);
    }
    for (int i = 0; i < TEXTS; i++) {
        cr_expect(text_set_has(&set, texts[i]), "%d", i);
        cr_expect_not(text_set_add(&set, texts[i]), "%d", i);
    }
    text_set_clear(&set);
}

Test(text_set, case_counts_unless_it_is_switched_off)
{
    for (int nocase = 0; nocase < 2; nocase++) {
        struct text_set set = { .nocase = nocase };

        cr_assert(text_set_reserve(&set, 4));
        cr_expect(text_set_add(&set, "Name"));
        cr_expect_eq(text_set_has(&set, "nAME"), nocase);
        cr_expect_not(text_set_has(&set, "Nam"));
        cr_expect(text_set_add(&set, "@"));
        cr_expect(text_set_add(&set, "`"), "no letters, although a bit of case differs");
        text_set_clear(&set);
    }
}

Test(text_set, an_empty_set_without_room_has_nothing)
{
    struct text_set set = { 0 };

    cr_expect_not(text_set_has(&set, ""));
    text_set_clear(&set);
}
