#include "../../src/cli/c2d-device/seen.h"
#include "../support/table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

/* Texts live in the caller's storage. */
struct made {
    struct c2d_message message;
    char number[24], token[24];
};

static const struct c2d_message *make(struct made *made, int number)
{
    snprintf(made->number, sizeof made->number, "%d", number);
    snprintf(made->token, sizeof made->token, "token-%d", number);
    made->message = (struct c2d_message) {
        .sequence_number = made->number,
        .enqueued_time = "2026-01-01T00:00:00Z",
        .lock_token = made->token,
        .lock_expires_ms = 1000 + number,
    };
    return &made->message;
}

static void fill(struct seen_list *list, bool settled)
{
    for (int i = 0; i < SEEN_MAX; i++) {
        struct made made;
        struct seen *seen = seen_add(list, make(&made, i));

        cr_assert_not_null(seen, "message %d", i);
        seen->settled = settled;
    }
}

Test(seen, message_is_known_by_sequence_number_and_enqueued_time)
{
    struct seen_list list = { 0 };
    struct made made, other;

    seen_add(&list, make(&made, 7));
    make(&other, 7);
    other.message.lock_token = "another lock";
    cr_expect_not_null(seen_find(&list, &other.message), "a new lock is of the same message");
    other.message.enqueued_time = "2026-01-01T00:00:01Z";
    cr_expect_null(seen_find(&list, &other.message), "a queue made anew counts from 1 again");
    cr_expect_null(seen_find(&list, make(&other, 8)));
    seen_clear(&list);
}

Test(seen, message_without_a_number_is_known_by_its_lock_token)
{
    struct seen_list list = { 0 };
    struct c2d_message message = { .lock_token = "t1" };

    seen_add(&list, &message);
    cr_expect_not_null(seen_find(&list, &message));
    message.lock_token = "t2";
    cr_expect_null(seen_find(&list, &message));
    seen_clear(&list);
}

Test(seen, a_new_lock_replaces_the_old_one)
{
    struct seen_list list = { 0 };
    struct made made;
    struct seen *seen = seen_add(&list, make(&made, 1));

    made.message.lock_token = "t2";
    made.message.lock_expires_ms = 99;
    cr_assert(seen_renew_lock(seen, &made.message));
    cr_expect_str_eq(seen->lock_token, "t2");
    cr_expect_eq(seen->lock_expires_ms, 99);
    seen_clear(&list);
}

Test(seen, list_that_is_full_forgets_the_oldest_message_that_is_settled)
{
    struct seen_list list = { 0 };
    struct made made;

    fill(&list, true);
    seen_find(&list, make(&made, 0))->settled = false;
    cr_assert_not_null(seen_add(&list, make(&made, SEEN_MAX)));
    cr_expect_eq(list.count, SEEN_MAX);
    cr_expect_not_null(seen_find(&list, make(&made, 0)), "it is still to be settled");
    cr_expect_null(seen_find(&list, make(&made, 1)));
    cr_expect_not_null(seen_find(&list, make(&made, 2)));
    seen_clear(&list);
}

Test(seen, list_that_is_full_of_unsettled_messages_accepts_no_more)
{
    struct seen_list list = { 0 };
    struct made made;

    fill(&list, false);
    cr_assert_null(seen_add(&list, make(&made, SEEN_MAX)));
    cr_expect_eq(errno, ENOSPC);
    cr_expect_eq(list.count, SEEN_MAX);
    seen_clear(&list);
}
