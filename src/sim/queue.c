/* queue: one device's messages, their locks, their expiry and their ends. Time only passes here
 * when someone looks. */
#include "queue.h"

#include <string.h>

void queue_append(struct queue *queue, struct message *message, int64_t now_ms)
{
    struct message **link = &queue->messages;

    while (*link != NULL)
        link = &(*link)->next;
    *link = message;
    message->next = NULL;
    message->sequence_number = ++queue->enqueued;
    message->enqueued_ms = now_ms;
    queue->depth++;
}

/* Takes the message at link out of the queue; its end goes to the feedback. */
static void end_message(struct queue *queue, struct message **link, enum outcome outcome,
                        int64_t now_ms)
{
    struct message *message = *link;

    *link = message->next;
    queue->depth--;
    queue->ended[outcome]++;
    /* A record lost for want of memory cannot be told to anyone: the message has ended. */
    (void)feedback_add(queue->feedback, message, outcome, &queue->source, now_ms);
    message_free(message);
}

void queue_sweep(struct queue *queue, int64_t now_ms)
{
    struct message **link = &queue->messages;

    while (*link != NULL) {
        struct message *message = *link;

        if (message->locked_until_ms <= now_ms)
            message->locked_until_ms = 0; /* a lapsed lock does not count as a delivery */
        if (message->locked_until_ms == 0 && message->expires_ms <= now_ms)
            end_message(queue, link, OUTCOME_EXPIRED, now_ms);
        else
            link = &message->next;
    }
}

struct message *queue_lock(struct queue *queue, int64_t now_ms)
{
    struct message *message;

    queue_sweep(queue, now_ms);
    message = queue->messages;
    while (message != NULL && message->locked_until_ms != 0)
        message = message->next;
    if (message == NULL || !crypto_guid(message->lock_token))
        return NULL;
    message->locked_until_ms = now_ms + LOCK_MS;
    queue->delivered++;
    return message;
}

static void abandon(struct queue *queue, struct message **link, int64_t now_ms)
{
    (*link)->locked_until_ms = 0;
    queue->abandoned++;
    if (++(*link)->delivery_count >= MESSAGE_MAX_DELIVERIES)
        end_message(queue, link, OUTCOME_DELIVERY_COUNT_EXCEEDED, now_ms);
}

bool queue_settle(struct queue *queue, const char *token, enum settlement settlement,
                  int64_t now_ms)
{
    struct message **link = &queue->messages;

    queue_sweep(queue, now_ms);
    while (*link != NULL
           && ((*link)->locked_until_ms == 0 || strcmp((*link)->lock_token, token) != 0))
        link = &(*link)->next;
    if (*link == NULL)
        return false;
    if (settlement == SETTLE_ABANDON)
        abandon(queue, link, now_ms);
    else
        end_message(queue, link, settlement == SETTLE_COMPLETE ? OUTCOME_SUCCESS : OUTCOME_REJECTED,
                    now_ms);
    return true;
}

unsigned queue_purge(struct queue *queue, int64_t now_ms)
{
    unsigned count = 0;

    queue_sweep(queue, now_ms);
    for (; queue->messages != NULL; count++)
        end_message(queue, &queue->messages, OUTCOME_PURGED, now_ms);
    return count;
}

void queue_clear(struct queue *queue)
{
    while (queue->messages != NULL) {
        struct message *message = queue->messages;

        queue->messages = message->next;
        message_free(message);
    }
    *queue = (struct queue) { .feedback = queue->feedback, .source = queue->source };
}
