/* Parses command lines with option tables. Parsing, --help and completion use the same rows. */
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
    OPTION_LIST,     /* struct option_list: may be repeated */
    OPTION_GROUP,    /* no option: help is a heading for the rows below, name is "" */
};

struct option {
    char letter; /* 0: none */
    const char *name;
    /* NULL for a flag. Completion offers paths for "FILE" and "DIR", and the words of "a|b". */
    const char *argument;
    const char *help;
    enum option_type type;
    size_t at; /* offset of the value in the target of the table */
    int64_t min, max;
};

/* The row of a heading. */
#define OPTION_HEADING(text)                                                                       \
    {                                                                                              \
        0, "", NULL, text, OPTION_GROUP, 0, 0, 0                                                   \
    }

struct option_list {
    const char **items;
    size_t count;
};

/* Rows up to one whose name is NULL, and the struct that they fill in. */
struct option_table {
    const struct option *rows;
    void *target;
};

enum { OPTION_TABLES = 3 };

struct option_parser {
    struct option_table tables[OPTION_TABLES]; /* an unused table has no rows */
    char **argv;                               /* the remaining arguments, NULL-terminated */
    bool stop_at_word; /* stop after the first word that is not an option: the command */
    char **words;      /* out: words that are not options; room for all of argv */
    size_t word_count;
    size_t words_before_end; /* out: how many of them precede "--" */
    bool has_end;            /* out: argv contains "--" */
    char problem[256];       /* out: the error */
    const char *hint;        /* out: or NULL */
};

/* Long names must match exactly. All arguments after "--" are words. With stop_at_word, argv points
 * after the first word on return. Returns false and sets problem on an error. */
bool options_parse(struct option_parser *parser);

/* Frees the lists that the options of a table have put into target. rows may be NULL. */
void options_clear(const struct option *rows, void *target);

/* Converts "90", "90s", "250ms", "5m", "2h" or "1d" to milliseconds. Returns false for any other
 * text or overflow. */
bool options_parse_duration(const char *text, int64_t *ms);

#endif
