/* Parses arguments with option tables. Names must match exactly: an abbreviation would become
 * ambiguous when a table grows. This file checks form and range; the command checks combinations of
 * options. */
#include "options.h"

#include "nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parses decimal digits only. Returns false for any other text or overflow. */
static bool number_parse(const char *text, size_t size, int64_t *number)
{
    int64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *number = value;
    return size > 0;
}

bool options_parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {
        { "", 1000 },   { "ms", 1 },      { "s", 1000 },
        { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
    };
    size_t digits = strspn(text, "0123456789");

    if (!number_parse(text, digits, ms))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].unit) != 0)
            continue;
        if (*ms > INT64_MAX / units[i].ms)
            return false;
        *ms *= units[i].ms;
        return true;
    }
    return false;
}

static const char *span_text(int64_t ms, char out[32])
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (ms % units[i].ms == 0) {
            snprintf(out, 32, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
            break;
        }
    return out;
}

static bool fail_value(struct option_parser *parser, const struct option *option, const char *value)
{
    char low[32], high[32];

    if (option->type == OPTION_DURATION)
        snprintf(parser->problem, sizeof parser->problem,
                 "--%s takes a duration from %s to %s (such as 30s, 5m, 2h), not '%.60s'",
                 option->name, span_text(option->min, low), span_text(option->max, high), value);
    else
        snprintf(parser->problem, sizeof parser->problem,
                 "--%s takes a number from %lld to %lld, not '%.60s'", option->name,
                 (long long)option->min, (long long)option->max, value);
    return false;
}

static bool append_item(struct option_parser *parser, struct option_list *list, const char *item)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);

    if (items == NULL) {
        snprintf(parser->problem, sizeof parser->problem, "out of memory");
        return false;
    }
    list->items = items;
    list->items[list->count++] = item;
    return true;
}

static bool store(struct option_parser *parser, const struct option_table *table,
                  const struct option *option, const char *value)
{
    void *place = (char *)table->target + option->at;
    int64_t number = 0;
    bool ok = true;

    switch (option->type) {
    case OPTION_GROUP: /* find() returns none */
        return false;
    case OPTION_FLAG:
        *(bool *)place = true;
        return true;
    case OPTION_TEXT:
        /* The last value wins. The text stays in argv and is not copied. */
        *(const char **)place = value;
        return true;
    case OPTION_LIST:
        return append_item(parser, place, value);
    case OPTION_NUMBER:
        ok = number_parse(value, strlen(value), &number);
        break;
    case OPTION_DURATION:
        ok = options_parse_duration(value, &number);
        break;
    }
    if (!ok || number < option->min || number > option->max)
        return fail_value(parser, option, value);
    *(int64_t *)place = number;
    return true;
}

/* Finds the option with this letter, or (letter 0) with this name of size bytes. */
static const struct option *find(const struct option_parser *parser, char letter, const char *name,
                                 size_t size, const struct option_table **table)
{
    for (int i = 0; i < OPTION_TABLES; i++) {
        *table = &parser->tables[i];
        for (const struct option *row = (*table)->rows; row != NULL && row->name != NULL; row++)
            if (letter != 0
                    ? row->letter == letter
                    : size > 0 && strlen(row->name) == size && memcmp(row->name, name, size) == 0)
                return row;
    }
    return NULL;
}

/* Every user of the machine can see a secret on a command line. */
static bool is_secret_option(const char *name, size_t size)
{
    static const char *const names[] = { "connection-string", "login",     "shared-access-key",
                                         "sas-token",         "sas",       "token",
                                         "password",          "proxy-user" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0)
            return true;
    return false;
}

/* Returns the name of the option that was probably meant, or NULL. */
static const char *find_nearest(const struct option_parser *parser, const char *name, size_t size)
{
    struct nearest nearest = { .word = name, .size = size };

    for (int i = 0; i < OPTION_TABLES; i++)
        for (const struct option *row = parser->tables[i].rows; row != NULL && row->name != NULL;
             row++)
            nearest_try(&nearest, row->name);
    return nearest.best;
}

static bool fail_unknown(struct option_parser *parser, const char *name, size_t size)
{
    const char *meant = find_nearest(parser, name, size);

    if (is_secret_option(name, size)) {
        snprintf(parser->problem, sizeof parser->problem,
                 "--%.*s is not accepted: every user of this machine could read it", (int)size,
                 name);
        parser->hint =
            size == strlen("proxy-user") && memcmp(name, "proxy-user", size) == 0
                ? "put it into a file of mode 600 and pass --proxy-user-file FILE"
                : "put it into a file of mode 600 and pass --connection-string-file FILE";
    } else {
        snprintf(parser->problem, sizeof parser->problem, "unknown option '--%.*s'%s%s%s",
                 (int)(size < 60 ? size : 60), name, meant == NULL ? "" : ": did you mean '--",
                 meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
    }
    return false;
}

static bool parse_long(struct option_parser *parser, const char *word)
{
    size_t size = strcspn(word, "=");
    const struct option_table *table;
    const struct option *option = find(parser, 0, word, size, &table);
    const char *value = word[size] == '=' ? word + size + 1 : NULL;

    if (option == NULL)
        return fail_unknown(parser, word, size);
    if (option->type == OPTION_FLAG && value != NULL) {
        snprintf(parser->problem, sizeof parser->problem, "--%s takes no value", option->name);
        return false;
    }
    /* The next word is the value, even if it starts with a dash. */
    if (option->type != OPTION_FLAG && value == NULL)
        value = *parser->argv == NULL ? NULL : *parser->argv++;
    if (option->type != OPTION_FLAG && value == NULL) {
        snprintf(parser->problem, sizeof parser->problem, "--%s needs a value: %s", option->name,
                 option->argument);
        return false;
    }
    return store(parser, table, option, value);
}

/* "-v", "-qj", "-o FILE", "-oFILE": the value is the rest of the word, or else the next word. */
static bool parse_short(struct option_parser *parser, const char *word)
{
    for (; *word != '\0'; word++) {
        const struct option_table *table;
        const struct option *option = find(parser, *word, "", 0, &table);
        const char *value;

        if (option == NULL) {
            snprintf(parser->problem, sizeof parser->problem, "unknown option '-%c'",
                     *word >= 0x20 && *word < 0x7f ? *word : '?');
            return false;
        }
        if (option->type == OPTION_FLAG) {
            store(parser, table, option, NULL);
            continue;
        }
        value = word[1] != '\0' ? word + 1 : *parser->argv == NULL ? NULL : *parser->argv++;
        if (value != NULL)
            return store(parser, table, option, value);
        snprintf(parser->problem, sizeof parser->problem, "-%c needs a value: %s", option->letter,
                 option->argument);
        return false;
    }
    return true;
}

bool options_parse(struct option_parser *parser)
{
    while (*parser->argv != NULL) {
        char *word = *parser->argv++;

        if (strcmp(word, "--") == 0 && !parser->stop_at_word) {
            parser->words_before_end = parser->word_count;
            parser->has_end = true;
            while (*parser->argv != NULL)
                parser->words[parser->word_count++] = *parser->argv++;
            return true;
        }
        if (word[0] == '-' && word[1] == '-') {
            if (!parse_long(parser, word + 2))
                return false;
        } else if (word[0] == '-' && word[1] != '\0') {
            if (!parse_short(parser, word + 1))
                return false;
        } else {
            parser->words[parser->word_count++] = word;
            if (parser->stop_at_word)
                return true;
        }
    }
    parser->words_before_end = parser->word_count;
    return true;
}

void options_clear(const struct option *rows, void *target)
{
    for (const struct option *row = rows; row != NULL && row->name != NULL; row++)
        if (row->type == OPTION_LIST) {
            struct option_list *list = (void *)((char *)target + row->at);

            /* The items point to argv. */
            free(list->items);
        }
}
