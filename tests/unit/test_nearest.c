#include "../../src/cli/common/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const candidates[] = { "message", "message-id", "feedback", "send",
                                          "sas",     "status",     "",         "receive" };

static const struct {
    const char *word, *best; /* NULL: none is near */
} rows[] = {
    { "sned", "send" },
    { "snd", "send" },
    { "fedback", "feedback" },
    { "feedbacks", "feedback" },
    { "recieve", "receive" },
    { "mes", "message" },
    { "message-i", "message-id" },
    { "messageid", "message-id" },
    { "sa", "sas" },
    { "stat", "status" },
    { "zas", "sas" },
    { "zzz", NULL },
    { "x", NULL },
    { "", NULL },
    { "frobnicate", NULL },
    { "a-word-of-more-than-thirty-two-bytes", NULL },
};

Test(nearest, a_word_is_matched_if_it_is_one_mistake_or_one_in_four_bytes_away)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nearest nearest = { .word = rows[i].word, .size = strlen(rows[i].word) };

        for (size_t j = 0; j < sizeof candidates / sizeof *candidates; j++)
            nearest_try(&nearest, candidates[j]);
        if (rows[i].best == NULL)
            cr_expect_null(nearest.best, "%s: %s", rows[i].word, nearest.best);
        else
            cr_expect_str_eq(nearest.best == NULL ? "none" : nearest.best, rows[i].best, "%s",
                             rows[i].word);
    }
}

Test(nearest, the_first_of_equally_near_words_is_taken)
{
    struct nearest nearest = { .word = "cat", .size = 3 };

    nearest_try(&nearest, "bat");
    nearest_try(&nearest, "hat");
    cr_expect_str_eq(nearest.best, "bat");
}

Test(nearest, a_word_that_is_not_terminated_is_read_up_to_its_size)
{
    struct nearest nearest = { .word = "jornal=file", .size = 6 };

    nearest_try(&nearest, "journal");
    cr_expect_str_eq(nearest.best, "journal");
}
