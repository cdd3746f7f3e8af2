#include "seen.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The hub's limit for a message id. The rest of a longer one is not stored. */
enum { TEXT_MAX = 128 };

static bool same(const char *a, const char *b)
{
    return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The key of a message in the buckets. */
static const char *key_of(const char *sequence_number, const char *lock_token)
{
    return sequence_number != NULL ? sequence_number : lock_token;
}

static size_t bucket_of(const char *key)
{
    return hash_text(HASH_START, key == NULL ? "" : key) % SEEN_BUCKETS;
}

/* A sequence number has 20 digits and a time 28 characters. A text over the limit is invalid and is
 * ignored. */
static const char *usable(const char *text)
{
    return text != NULL && strlen(text) <= TEXT_MAX ? text : NULL;
}

struct seen *seen_find(const struct seen_list *list, const struct c2d_message *message)
{
    const char *number = usable(message->sequence_number);
    struct seen *seen = list->buckets[bucket_of(key_of(number, message->lock_token))];

    for (; seen != NULL; seen = seen->bucket_next) {
        if (number == NULL && seen->sequence_number == NULL
            && same(seen->lock_token, message->lock_token))
            return seen;
        if (number != NULL && same(seen->sequence_number, number)
            && same(seen->enqueued_time, usable(message->enqueued_time)))
            return seen;
    }
    return NULL;
}

static void seen_free(struct seen *seen)
{
    free(seen->lock_token);
    free(seen->message_id);
    free(seen->sequence_number);
    free(seen->enqueued_time);
    free(seen);
}

/* True if the message still has to be settled. */
static bool is_pending(const struct seen *seen)
{
    return !seen->settled && seen->disposition.kind != DISPOSITION_LEAVE;
}

static void forget(struct seen_list *list, struct seen *before, struct seen *seen)
{
    struct seen **place =
        &list->buckets[bucket_of(key_of(seen->sequence_number, seen->lock_token))];

    while (*place != seen)
        place = &(*place)->bucket_next;
    *place = seen->bucket_next;
    if (before == NULL)
        list->oldest = seen->newer;
    else
        before->newer = seen->newer;
    if (list->newest == seen)
        list->newest = before;
    list->count--;
    seen_free(seen);
}

static bool make_room(struct seen_list *list)
{
    struct seen *before = NULL, *seen = list->oldest;

    while (seen != NULL && is_pending(seen)) {
        before = seen;
        seen = seen->newer;
    }
    if (seen != NULL)
        forget(list, before, seen);
    errno = ENOSPC;
    return seen != NULL;
}

static char *copy(const char *text, size_t most, bool *ok)
{
    char *out = text == NULL ? NULL : strndup(text, most);

    *ok = *ok && (text == NULL || out != NULL);
    return out;
}

struct seen *seen_add(struct seen_list *list, const struct c2d_message *message)
{
    struct seen *seen;
    struct seen **bucket;
    bool ok = true;

    if (list->count == SEEN_MAX && !make_room(list))
        return NULL;
    seen = calloc(1, sizeof *seen);
    if (seen == NULL)
        return NULL;
    seen->disposition = (struct disposition) { .kind = DISPOSITION_STOP, .handler_exit = -1 };
    seen->lock_expires_ms = message->lock_expires_ms;
    seen->lock_token = copy(message->lock_token, SIZE_MAX, &ok);
    seen->message_id = copy(message->message_id, TEXT_MAX, &ok);
    seen->sequence_number = copy(usable(message->sequence_number), TEXT_MAX, &ok);
    seen->enqueued_time = copy(usable(message->enqueued_time), TEXT_MAX, &ok);
    if (!ok) {
        seen_free(seen);
        errno = ENOMEM;
        return NULL;
    }
    bucket = &list->buckets[bucket_of(key_of(seen->sequence_number, seen->lock_token))];
    seen->bucket_next = *bucket;
    *bucket = seen;
    if (list->newest == NULL)
        list->oldest = seen;
    else
        list->newest->newer = seen;
    list->newest = seen;
    list->count++;
    return seen;
}

bool seen_renew_lock(struct seen *seen, const struct c2d_message *message)
{
    char *token;

    token = strdup(message->lock_token);
    if (token == NULL)
        return false;
    free(seen->lock_token); /* it may also be the key; the new token has the same text then */
    seen->lock_token = token;
    seen->lock_expires_ms = message->lock_expires_ms;
    return true;
}

void seen_clear(struct seen_list *list)
{
    while (list->oldest != NULL) {
        struct seen *seen = list->oldest;

        list->oldest = seen->newer;
        seen_free(seen);
    }
    *list = (struct seen_list) { 0 };
}
