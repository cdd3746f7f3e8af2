/* Command lines, from tables: one row is one option in the parser, in --help and in the checks of
 * man page and completions. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_NUMBER,   /* int64_t, from min to max */
    OPTION_DURATION, /* int64_t, milliseconds, from min to max */
    OPTION_LIST,     /* struct option_list: may be given again */
};

struct option {
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* NULL for a flag */
    const char *help;
    enum option_type type;
    size_t at; /* where in its table's target the value goes */
    int64_t min, max;
};

struct option_list {
    const char **items;
    size_t count;
};

/* Rows that end with one whose name is NULL, and the struct that they fill in. */
struct option_table {
    const struct option *rows;
    void *target;
};

enum { OPTION_TABLES = 3 };

struct option_parser {
    struct option_table tables[OPTION_TABLES]; /* unused ones have no rows */
    char **argv;                               /* what is left to parse, NULL-terminated */
    bool stop_at_word; /* the first word that is no option ends the parsing: it is the command */
    char **words;      /* out: what is no option; room for all of argv */
    size_t word_count;
    size_t words_before_end; /* out: how many of them stood before "--" */
    bool has_end;            /* out: there was a "--" */
    char problem[256];       /* out: why it failed */
    const char *hint;        /* out: or NULL */
};

/* Long names match exactly. "--" ends the options: all that follows are words. With stop_at_word,
 * argv points behind the first word. False when problem says why. */
bool options_parse(struct option_parser *parser);

/* Frees what the options of a table have put into target. rows may be NULL. */
void options_clear(const struct option *rows, void *target);

/* "90", "90s", "250ms", "5m", "2h", "1d" as milliseconds; false for anything else or overflow. */
bool options_parse_duration(const char *text, int64_t *ms);

#endif
