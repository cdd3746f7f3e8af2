#include "handler_env.h"

#include "base/array.h"
#include "base/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The limit for the variables of the message. execve(2) limits one variable to 128 KiB. */
enum { OWN_LIMIT = 120 * 1024 };

extern char **environ;

struct list {
    char **items; /* NULL-terminated */
    size_t count, capacity;
    size_t own_size; /* of the variables that the message adds */
    bool failed;
};

/* Appends item and takes its ownership. NULL: out of memory. */
static void append(struct list *list, char *item)
{
    char **items = item == NULL || list->failed ? NULL
                                                : array_reserve(list->items, &list->capacity,
                                                                list->count + 2, sizeof *items);

    if (items == NULL) {
        list->failed = true;
        free(item);
        return;
    }
    list->items = items;
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

static char *join(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *item = malloc(size);

    if (item != NULL)
        snprintf(item, size, "%s=%s", name, value);
    return item;
}

static void set(struct list *list, const char *name, const char *value)
{
    if (value == NULL)
        return;
    list->own_size += strlen(name) + strlen(value) + 2;
    append(list, join(name, value));
}

static void set_number(struct list *list, const char *name, long long value)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", value);
    set(list, name, text);
}

/* ---- Inherited variables ---- */

/* The environment has no secrets any more: see credentials.h. */
static void inherit(struct list *list)
{
    for (char **item = environ; *item != NULL; item++)
        if (strncmp(*item, "C2D_", 4) != 0)
            append(list, strdup(*item));
}

/* ---- Variables of the message ---- */

/* Returns "C2D_PROP_" and name in upper case, other characters replaced by "_". The caller frees
 * it. */
static char *property_variable(const char *name)
{
    static const char kept[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char prefix[] = "C2D_PROP_";
    char *variable = malloc(sizeof prefix + strlen(name));
    char *at;

    if (variable == NULL)
        return NULL;
    memcpy(variable, prefix, sizeof prefix);
    for (at = variable + strlen(prefix); *name != '\0'; name++, at++) {
        const char *letter = strchr(lower, *name);

        *at = '_';
        if (letter != NULL)
            *at = kept[10 + (letter - lower)];
        else if (strchr(kept, *name) != NULL)
            *at = *name;
    }
    *at = '\0';
    return variable;
}

/* A property and the name of its variable. */
struct variable {
    char *name;
    const struct c2d_property *property;
};

static int compare(const void *a, const void *b)
{
    const struct variable *one = a, *other = b;
    int order = strcmp(one->name, other->name);

    if (order != 0)
        return order;
    return one->property < other->property ? -1 : one->property > other->property;
}

/* Sets a variable from the properties that map to its name, in the order of the message. If a
 * property is repeated, the last value counts. If different properties map to one name, the
 * variable is ambiguous and is not set. */
static void set_one(struct list *list, const struct variable *variables, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(variables[i].property->name, variables[0].property->name) != 0)
            return;
    set(list, variables[0].name, variables[count - 1].property->value);
}

static void set_properties(struct list *list, const struct c2d_message *message)
{
    size_t count = message->property_count, same;
    struct variable *variables = calloc(count + 1, sizeof *variables);
    bool ok = variables != NULL;

    for (size_t i = 0; ok && i < count; i++) {
        variables[i].property = &message->properties[i];
        variables[i].name = property_variable(message->properties[i].name);
        ok = variables[i].name != NULL;
    }
    /* Sorting makes equal names adjacent. A message may have a thousand properties. */
    if (ok)
        qsort(variables, count, sizeof *variables, compare);
    for (size_t i = 0; ok && i < count; i += same) {
        for (same = 1; i + same < count; same++)
            if (strcmp(variables[i].name, variables[i + same].name) != 0)
                break;
        set_one(list, variables + i, same);
    }
    list->failed = list->failed || !ok;
    for (size_t i = 0; variables != NULL && i < count; i++)
        free(variables[i].name);
    free(variables);
}

static void set_instant(struct list *list, const char *name, int64_t seconds)
{
    char text[TIMESTAMP_SIZE];

    timestamp_format(seconds, "Z", text);
    set(list, name, text);
}

static void set_system(struct list *list, const struct c2d_message *message)
{
    set(list, "C2D_DEVICE_ID", message->device_id);
    set(list, "C2D_MESSAGE_ID", message->message_id);
    set(list, "C2D_CORRELATION_ID", message->correlation_id);
    set(list, "C2D_USER_ID", message->user_id);
    set(list, "C2D_CONTENT_TYPE", message->content_type);
    set(list, "C2D_CONTENT_ENCODING", message->content_encoding);
    set(list, "C2D_SEQUENCE_NUMBER", message->sequence_number);
    set(list, "C2D_ENQUEUED_TIME", message->enqueued_time);
    set(list, "C2D_EXPIRY_TIME", message->expiry_time);
    if (message->delivery_count >= 0)
        set_number(list, "C2D_DELIVERY_COUNT", message->delivery_count);
    set_number(list, "C2D_BODY_SIZE", (long long)message->body_size);
    set_instant(list, "C2D_LOCK_DEADLINE", message->lock_deadline_s);
}

static void set_json(struct list *list, const struct c2d_message *message)
{
    char *json = c2d_message_to_json(message, false);

    if (json == NULL)
        list->failed = true;
    else
        set(list, "C2D_MESSAGE_JSON", json);
    free(json);
}

static struct list make(const struct c2d_message *message, enum env_cut cut)
{
    struct list list = { 0 };

    inherit(&list);
    set_system(&list, message);
    if (cut < ENV_WITHOUT_PROPERTIES)
        set_properties(&list, message);
    if (cut < ENV_WITHOUT_JSON)
        set_json(&list, message);
    else
        set(&list, "C2D_TRUNCATED", "1");
    return list;
}

bool handler_env_cut_more(enum env_cut *cut)
{
    if (*cut == ENV_WITHOUT_PROPERTIES)
        return false;
    *cut = *cut == ENV_WHOLE ? ENV_WITHOUT_JSON : ENV_WITHOUT_PROPERTIES;
    return true;
}

char **handler_env_make(const struct c2d_message *message, enum env_cut *cut)
{
    struct list list = make(message, *cut);

    while (!list.failed && list.own_size > OWN_LIMIT && handler_env_cut_more(cut)) {
        handler_env_free(list.items);
        list = make(message, *cut);
    }
    if (!list.failed)
        return list.items;
    handler_env_free(list.items);
    return NULL;
}

void handler_env_free(char **environment)
{
    for (char **item = environment; item != NULL && *item != NULL; item++)
        free(*item);
    free(environment);
}
