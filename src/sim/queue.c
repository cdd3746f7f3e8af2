/* There are no timers: locks and messages expire when queue_sweep() is called. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

/* Documented defaults of a hub. */
enum { LOCK_MS = 60 * 1000, DELIVERIES_MAX = 10 };

struct message *message_new(cJSON *json, const void *body, size_t size)
{
    struct message *message = memory_new(sizeof *message);

    message->json = json;
    message->body = memory_new(size);
    message->body_size = size;
    if (size > 0)
        memcpy(message->body, body, size);
    return message;
}

void message_free(struct message *message)
{
    if (message == NULL)
        return;
    cJSON_Delete(message->json);
    free(message->body);
    free(message);
}

void queue_init(struct queue *queue, queue_on_end *on_end, void *context)
{
    *queue = (struct queue) { .on_end = on_end, .context = context };
    link_init(&queue->messages);
}

void queue_append(struct queue *queue, struct message *message, int64_t now_ms)
{
    link_append(&queue->messages, &message->link);
    message->sequence_number = ++queue->enqueued;
    message->enqueued_ms = now_ms;
    queue->depth++;
}

struct message *queue_next(const struct queue *queue, const struct message *message)
{
    struct link *link = message == NULL ? queue->messages.next : message->link.next;

    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): link_remove() comes before each free() */
    return link == &queue->messages ? NULL : LINK_OWNER(link, struct message, link);
}

static void end_message(struct queue *queue, struct message *message, enum outcome outcome,
                        int64_t now_ms)
{
    link_remove(&message->link);
    queue->depth--;
    queue->ended[outcome]++;
    if (queue->on_end != NULL)
        queue->on_end(queue->context, message, outcome, now_ms);
    message_free(message);
}

void queue_sweep(struct queue *queue, int64_t now_ms)
{
    for (struct message *message = queue_next(queue, NULL), *next; message != NULL;
         message = next) {
        next = queue_next(queue, message);
        if (message->locked_until_ms <= now_ms)
            message->locked_until_ms = 0; /* an expired lock does not count as a delivery */
        if (message->locked_until_ms == 0 && message->expires_ms <= now_ms)
            end_message(queue, message, OUTCOME_EXPIRED, now_ms);
    }
}

struct message *queue_lock(struct queue *queue, int64_t now_ms)
{
    struct message *message = NULL;

    queue_sweep(queue, now_ms);
    do
        message = queue_next(queue, message);
    while (message != NULL && message->locked_until_ms != 0);
    if (message == NULL)
        return NULL;
    random_guid(message->lock_token);
    message->locked_until_ms = now_ms + LOCK_MS;
    queue->delivered++;
    return message;
}

bool queue_settle(struct queue *queue, const char *token, enum outcome outcome, int64_t now_ms)
{
    struct message *message = NULL;

    queue_sweep(queue, now_ms);
    do
        message = queue_next(queue, message);
    while (message != NULL
           && (message->locked_until_ms == 0 || strcmp(message->lock_token, token) != 0));
    if (message == NULL)
        return false;
    /* Documented: an abandon counts as a delivery, an expired lock does not. After the tenth the
     * message is dead-lettered. */
    if (outcome == OUTCOME_ABANDONED) {
        message->locked_until_ms = 0;
        queue->ended[OUTCOME_ABANDONED]++;
        if (++message->delivery_count < DELIVERIES_MAX)
            return true;
        outcome = OUTCOME_DELIVERY_COUNT_EXCEEDED;
    }
    end_message(queue, message, outcome, now_ms);
    return true;
}

unsigned queue_purge(struct queue *queue, int64_t now_ms)
{
    struct message *message;
    unsigned count;

    queue_sweep(queue, now_ms);
    count = queue->depth;
    while ((message = queue_next(queue, NULL)) != NULL)
        end_message(queue, message, OUTCOME_PURGED, now_ms);
    return count;
}

void queue_clear(struct queue *queue)
{
    struct message *message;

    while ((message = queue_next(queue, NULL)) != NULL) {
        link_remove(&message->link);
        message_free(message);
    }
    queue_init(queue, queue->on_end, queue->context);
}
