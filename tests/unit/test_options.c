#include "../../src/cli/common/options.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    bool quiet, json;
    const char *output;
    int64_t count, wait_ms;
    struct option_list properties;
};

static const struct option rows[] = {
    { 'q', "quiet", NULL, "", OPTION_FLAG, offsetof(struct settings, quiet), 0, 0 },
    { 'j', "json", NULL, "", OPTION_FLAG, offsetof(struct settings, json), 0, 0 },
    { 'o', "output", "FILE", "", OPTION_TEXT, offsetof(struct settings, output), 0, 0 },
    { 'c', "count", "N", "", OPTION_NUMBER, offsetof(struct settings, count), 1, 1000 },
    { 0, "wait", "D", "", OPTION_DURATION, offsetof(struct settings, wait_ms), 1000, 3600000 },
    OPTION_HEADING("a heading"),
    { 'p', "property", "N=V", "", OPTION_LIST, offsetof(struct settings, properties), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

enum { WORDS = 8 };

struct parsed {
    struct settings settings;
    struct option_parser parser;
    char *words[WORDS];
};

static bool parse(struct parsed *parsed, const char *const *argv, bool stop_at_word)
{
    *parsed = (struct parsed) { .settings.count = -1 };
    parsed->parser = (struct option_parser) {
        .tables = { { NULL, NULL }, { rows, &parsed->settings } },
        .argv = (char **)(void *)argv,
        .stop_at_word = stop_at_word,
        .words = parsed->words,
    };
    return options_parse(&parsed->parser);
}

static const struct {
    const char *argv[6];
    const char *output;
    int64_t count;
    bool quiet, json;
} good[] = {
    { { NULL }, NULL, -1, false, false },
    { { "--output", "f" }, "f", -1, false, false },
    { { "--output=f" }, "f", -1, false, false },
    { { "-o", "f" }, "f", -1, false, false },
    { { "-of" }, "f", -1, false, false },
    { { "-o=f" }, "=f", -1, false, false },
    { { "--output=" }, "", -1, false, false },
    { { "--output", "-" }, "-", -1, false, false },
    { { "--output", "--count" }, "--count", -1, false, false },
    { { "--output=a=b" }, "a=b", -1, false, false },
    { { "-qj" }, NULL, -1, true, true },
    { { "-qof" }, "f", -1, true, false },
    { { "-jqc5" }, NULL, 5, true, true },
    { { "-qo", "f", "-j" }, "f", -1, true, true },
    { { "-oqj" }, "qj", -1, false, false },
    { { "--quiet", "--quiet" }, NULL, -1, true, false },
    { { "-c", "1", "--count=1000" }, NULL, 1000, false, false },
    { { "-o", "a", "-ob" }, "b", -1, false, false },
};

Test(options, every_way_to_write_an_option_is_understood_and_the_last_one_wins)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        struct parsed p;

        cr_expect(parse(&p, good[i].argv, false), "row %zu: %s", i, p.parser.problem);
        if (good[i].output == NULL)
            cr_expect_null(p.settings.output, "row %zu", i);
        else
            cr_expect_str_eq(p.settings.output, good[i].output, "row %zu", i);
        cr_expect_eq(p.settings.count, good[i].count, "row %zu", i);
        cr_expect_eq(p.settings.quiet, good[i].quiet, "row %zu", i);
        cr_expect_eq(p.settings.json, good[i].json, "row %zu", i);
        cr_expect_eq(p.parser.word_count, 0, "row %zu", i);
    }
}

static const struct {
    const char *argv[3];
    const char *problem; /* a piece of it */
} bad[] = {
    { { "--outp", "f" }, "'--outp'" }, /* no abbreviations */
    { { "--Output", "f" }, "'--Output'" },
    { { "--nothing=secret" }, "'--nothing'" },
    { { "-x" }, "'-x'" },
    { { "-qx" }, "'-x'" },
    { { "-q\x01" }, "'-?'" },
    { { "--output" }, "--output needs a value: FILE" },
    { { "-o" }, "-o needs a value: FILE" },
    { { "-qo" }, "-o needs a value: FILE" },
    { { "--quiet=yes" }, "--quiet takes no value" },
    { { "--quiet=" }, "--quiet takes no value" },
    { { "--count=0" }, "--count takes a number from 1 to 1000, not '0'" },
    { { "--count=1001" }, "from 1 to 1000" },
    { { "--count=-1" }, "from 1 to 1000" },
    { { "--count=+1" }, "from 1 to 1000" },
    { { "--count= 1" }, "from 1 to 1000" },
    { { "--count=1 " }, "from 1 to 1000" },
    { { "--count=0x1" }, "from 1 to 1000" },
    { { "--count=" }, "from 1 to 1000" },
    { { "--count=99999999999999999999" }, "from 1 to 1000" },
    { { "-c", "ten" }, "from 1 to 1000" },
    { { "--wait=999ms" }, "--wait takes a duration from 1s to 1h" },
    { { "--wait=61m" }, "from 1s to 1h" },
    { { "--wait=soon" }, "from 1s to 1h" },
};

Test(options, invalid_option_is_named_with_its_range)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct parsed p;

        cr_expect_not(parse(&p, bad[i].argv, false), "row %zu", i);
        cr_expect_not_null(strstr(p.parser.problem, bad[i].problem), "row %zu: %s", i,
                           p.parser.problem);
        cr_expect_null(strstr(p.parser.problem, "secret"), "row %zu: %s", i, p.parser.problem);
    }
}

Test(options, heading_is_no_option)
{
    const char *const argv[] = { "--=x", NULL };
    struct parsed parsed;

    cr_expect_not(parse(&parsed, argv, false));
    cr_expect_str_eq(parsed.parser.problem, "unknown option '--'");
}

Test(options, near_miss_of_a_long_option_is_suggested)
{
    const char *const argv[] = { "--outptu=file", NULL };
    struct parsed parsed;

    cr_expect_not(parse(&parsed, argv, false));
    cr_expect_str_eq(parsed.parser.problem, "unknown option '--outptu': did you mean '--output'?");
}

Test(options, secrets_on_the_command_line_are_refused_with_a_hint)
{
    static const char *const names[] = { "connection-string", "login",    "shared-access-key",
                                         "sas-token",         "password", "token",
                                         "proxy-user" };

    for (size_t i = 0; i < COUNT(names); i++) {
        char word[64];
        const char *const argv[] = { word, NULL };
        struct parsed p;

        snprintf(word, sizeof word, "--%s=CANARY", names[i]);
        cr_expect_not(parse(&p, argv, false), "%s", word);
        cr_expect_null(strstr(p.parser.problem, "CANARY"), "%s", p.parser.problem);
        cr_expect_not_null(strstr(p.parser.problem, "is not accepted"), "%s", p.parser.problem);
        cr_expect_not_null(strstr(p.parser.hint, strcmp(names[i], "proxy-user") == 0
                                                     ? "--proxy-user-file"
                                                     : "--connection-string-file"),
                           "%s", p.parser.hint);
    }
}

Test(options, list_keeps_all_its_values_in_order)
{
    static const char *const argv[] = { "-pa=1", "-q", "--property", "b=2", "--property=c", NULL };
    static const char *const values[] = { "a=1", "b=2", "c" };
    struct parsed p;

    cr_assert(parse(&p, argv, false));
    cr_assert_eq(p.settings.properties.count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_eq(p.settings.properties.items[i], values[i]);
    free(p.settings.properties.items);
}

Test(options, arguments_may_stand_among_options_and_a_dash_is_an_argument)
{
    static const char *const argv[] = { "dev1", "-q", "-", "dev2", NULL };
    struct parsed p;

    cr_assert(parse(&p, argv, false));
    cr_assert_eq(p.parser.word_count, 3);
    cr_assert_str_eq(p.words[0], "dev1");
    cr_assert_str_eq(p.words[1], "-");
    cr_assert_str_eq(p.words[2], "dev2");
    cr_assert(p.settings.quiet);
}

Test(options, two_dashes_end_the_options)
{
    static const char *const argv[] = { "-q", "--", "-j", "--nothing", NULL };
    struct parsed p;

    cr_assert(parse(&p, argv, false), "%s", p.parser.problem);
    cr_assert(p.settings.quiet);
    cr_assert_not(p.settings.json);
}

Test(options, parsing_for_a_command_stops_after_it)
{
    static const char *const argv[] = { "-q", "send", "--its-own", NULL };
    struct parsed p;

    cr_assert(parse(&p, argv, true), "%s", p.parser.problem);
    cr_assert_str_eq(p.words[0], "send");
    cr_assert_str_eq(*p.parser.argv, "--its-own");
}

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} durations[] = {
    { "90", 90000 },
    { "90s", 90000 },
    { "250ms", 250 },
    { "5m", 300000 },
    { "2h", 7200000 },
    { "1d", 86400000 },
    { "0", 0 },
    { "007s", 7000 },
    { "106751991167d", 106751991167 * 86400000 },
    { "106751991168d", -1 },
    { "9223372036854775807ms", -1 },
    { "99999999999999999999", -1 },
    { "", -1 },
    { "s", -1 },
    { "ms", -1 },
    { "1.5h", -1 },
    { "-1s", -1 },
    { "+1s", -1 },
    { " 1s", -1 },
    { "1s ", -1 },
    { "1S", -1 },
    { "1w", -1 },
    { "1h30m", -1 },
    { "1 s", -1 },
};

Test(options, duration_is_an_integer_with_an_optional_unit)
{
    for (size_t i = 0; i < COUNT(durations); i++) {
        int64_t ms = -1;
        bool ok = options_parse_duration(durations[i].text, &ms);

        cr_expect_eq(ok, durations[i].ms >= 0, "'%s'", durations[i].text);
        if (ok)
            cr_expect_eq(ms, durations[i].ms, "'%s': %lld", durations[i].text, (long long)ms);
    }
}
