#include "base/text.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "c2d.h"

static const struct {
    const char *bytes;
    size_t length; /* 0: no UTF-8 */
    unsigned code;
} sequences[] = {
    { "a", 1, 'a' },
    { "\x7f", 1, 0x7f },
    { "\xc2\x80", 2, 0x80 },
    { "\xdf\xbf", 2, 0x7ff },
    { "\xe0\xa0\x80", 3, 0x800 },
    { "\xed\x9f\xbf", 3, 0xd7ff },
    { "\xee\x80\x80", 3, 0xe000 },
    { "\xef\xbf\xbf", 3, 0xffff },
    { "\xf0\x90\x80\x80", 4, 0x10000 },
    { "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
    { "\x80", 0, 0 }, /* a continuation alone */
    { "\xbf", 0, 0 },
    { "\xc0\xaf", 0, 0 }, /* overlong '/' in 2, 3 and 4 bytes */
    { "\xc1\xbf", 0, 0 },
    { "\xe0\x9f\xbf", 0, 0 },
    { "\xf0\x8f\xbf\xbf", 0, 0 },
    { "\xed\xa0\x80", 0, 0 }, /* surrogates */
    { "\xed\xbf\xbf", 0, 0 },
    { "\xf4\x90\x80\x80", 0, 0 }, /* past U+10FFFF */
    { "\xf5\x80\x80\x80", 0, 0 },
    { "\xff\xbf\xbf\xbf", 0, 0 },
    { "\xc3", 0, 0 }, /* cut */
    { "\xe2\x82", 0, 0 },
    { "\xf0\x9f\x98", 0, 0 },
    { "\xc3"
      "a",
      0, 0 }, /* a continuation is missing */
    { "\xe2\x82"
      "a",
      0, 0 },
    { "\xf0\x9f"
      "a\x80",
      0, 0 },
};

Test(text, utf8_is_recognised_at_every_edge)
{
    for (size_t i = 0; i < COUNT(sequences); i++) {
        unsigned code = 0;
        size_t size = strlen(sequences[i].bytes);
        size_t length = utf8_sequence((const unsigned char *)sequences[i].bytes, size, &code);

        cr_expect_eq(length, sequences[i].length, "row %zu: length %zu", i, length);
        if (length > 0)
            cr_expect_eq(code, sequences[i].code, "row %zu: code U+%04X", i, code);
        cr_expect_eq(utf8_valid(sequences[i].bytes, size), sequences[i].length > 0, "row %zu", i);
    }
}

Test(text, utf8_is_valid_only_as_a_whole)
{
    cr_assert(utf8_valid("", 0));
    cr_assert(utf8_valid("a\0b", 3));
    cr_assert(utf8_valid("\xe2\x82\xac\xf0\x9f\x98\x80 ok", 10));
    cr_assert_not(utf8_valid("good\xff", 5));
    cr_assert_not(utf8_valid("\xe2\x82\xac", 2), "size counts, not the NUL");
}

static const struct {
    const char *bytes;
    size_t size;
    const char *shown;
} printables[] = {
    { "plain ~", 7, "plain ~" },
    { "\x1b[2J", 4, "\\x1b[2J" },
    { "a\nb\tc\r", 6, "a\\x0ab\\x09c\\x0d" },
    { "a\0b", 3, "a\\x00b" },
    { "\x7f", 1, "\\x7f" },
    { "\xc2\x80\xc2\x9b\xc2\x9f", 6, "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f" },
    { "\xc2\xa0", 2, "\xc2\xa0" },
    { "a\xe2\x80\xae"
      "b\xe2\x81\xa6",
      8, "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6" },
    { "\xd8\x9c\xe2\x80\x8e\xe2\x80\xa8", 8, "\\xd8\\x9c\\xe2\\x80\\x8e\\xe2\\x80\\xa8" },
    { "\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa", 12,
      "\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa" },
    { "\xe2\x82\xac", 3, "\xe2\x82\xac" },
    { "\xff"
      "a\xc3",
      3, "\\xffa\\xc3" },
};

Test(text, character_that_could_move_a_cursor_or_reorder_a_line_is_shown_as_hex)
{
    for (size_t i = 0; i < COUNT(printables); i++) {
        char *shown = text_printable(printables[i].bytes, printables[i].size);

        cr_expect_str_eq(shown, printables[i].shown, "row %zu: %s", i, shown);
        free(shown);
    }
}

Test(text, a_word_for_a_shell_is_quoted_where_it_must_be)
{
    static const struct {
        const char *text, *word;
    } words[] = {
        { "dev-1.a/b:c@d%+,=_", "dev-1.a/b:c@d%+,=_" },
        { "", "''" },
        { "a b", "'a b'" },
        { "$(reboot)", "'$(reboot)'" },
        { "it's", "'it'\\''s'" },
        { "''", "''\\'''\\'''" },
        { "~", "'~'" },
        { "#!*?;&|<>\"\\`", "'#!*?;&|<>\"\\`'" },
        { "\xc3\xa9", "'\xc3\xa9'" },
    };

    for (size_t i = 0; i < COUNT(words); i++) {
        char *word = text_shell_word(words[i].text);

        cr_expect_str_eq(word, words[i].word, "row %zu: %s", i, word);
        free(word);
    }
}

static const struct {
    const char *text;
    long long max, number; /* -1: refused */
} numbers[] = {
    { "0", 9, 0 },
    { "007", 9, 7 },
    { "9", 9, 9 },
    { "10", 9, -1 },
    { "9223372036854775807", LLONG_MAX, LLONG_MAX },
    { "9223372036854775808", LLONG_MAX, -1 },
    { "99999999999999999999999", LLONG_MAX, -1 },
    { "7", 5, -1 },
    { "0", 0, 0 },
    { "1", 0, -1 },
    { "", 9, -1 },
    { "-1", 9, -1 },
    { "+1", 9, -1 },
    { " 1", 9, -1 },
    { "1 ", 9, -1 },
    { "0x1", 99, -1 },
    { "1e1", 99, -1 },
    { "\xb2", 99, -1 },
};

Test(text, number_is_read_completely_and_in_range_or_refused)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        long long number = -1;
        bool ok = text_to_number(numbers[i].text, numbers[i].max, &number);

        cr_expect_eq(ok, numbers[i].number >= 0, "'%s'", numbers[i].text);
        cr_expect_eq(number, numbers[i].number, "'%s': %lld", numbers[i].text, number);
    }
}

static const struct {
    const char *text, *other;
    bool begins, equal;
} caseless[] = {
    { "IoTHub-MessageId", "iothub-messageid", true, true },
    { "iothub-messageid", "IOTHUB-MESSAGEID", true, true },
    { "iothub-messageid", "IOTHUB-", true, false },
    { "iothub", "iothub-", false, false },
    { "iothub-", "iotHub_", false, false },
    { "abc", "", true, false },
    { "", "abc", false, false },
    { "", "", true, true },
    { "@[`{", "`{@[", false, false }, /* beside the letters, and 0x20 apart */
    { "[", "{", false, false },
    { "\xc4\xb0", "i", false, false }, /* the Turkish capital of i */
    { "\xc4\xb1", "I", false, false },
    { "\xfd", "I", false, false }, /* in ISO 8859-9 */
    { "\xe4", "\xc4", false, false },
};

/* tests/cli/76-locale.sh runs it in Turkish too. */
Test(text, comparison_ignores_the_case_of_ascii_letters_alone)
{
    for (size_t i = 0; i < COUNT(caseless); i++) {
        const char *text = caseless[i].text, *other = caseless[i].other;

        cr_expect_eq(text_begins_nocase(text, other), caseless[i].begins, "row %zu", i);
        cr_expect_eq(text_equals_nocase(text, other), caseless[i].equal, "row %zu", i);
    }
}

Test(text, byte_classes_hold_exactly_their_bytes)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (int byte = 0; byte < 256; byte++) {
        unsigned char b = (unsigned char)byte;

        cr_expect_eq(byte_is_token(b), byte != 0 && strchr(token, byte) != NULL, "0x%02x", b);
        cr_expect_eq(byte_is_plain(b), byte >= 0x20 && byte <= 0x7e, "0x%02x", b);
        cr_expect_eq(byte_is_digit(b), byte >= '0' && byte <= '9', "0x%02x", b);
        cr_expect_eq(byte_is_alnum(b), byte != 0 && strchr(token + 15, byte) != NULL, "0x%02x", b);
    }
}

Test(text, cut_falls_between_characters_and_before_an_escape)
{
    static const struct {
        const char *text;
        size_t size, cut;
    } rows[] = {
        { "abcdef", 3, 3 },
        { "ab\xe2\x82\xac"
          "c",
          5, 5 },
        { "ab\xe2\x82\xac"
          "c",
          4, 2 },
        { "ab\xe2\x82\xac"
          "c",
          3, 2 },
        { "ab\\x1bc", 6, 6 },
        { "ab\\x1bc", 5, 2 },
        { "ab\\x1bc", 4, 2 },
        { "ab\\x1bc", 3, 2 },
        { "\xe2\x82\xac", 2, 0 },
        { "abc", 0, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(text_cut(rows[i].text, rows[i].size), rows[i].cut, "row %zu: %zu", i,
                     text_cut(rows[i].text, rows[i].size));
}

static const struct {
    const char *bytes, *name;
} characters[] = {
    { "x", "'x'" },
    { " x", "a space" },
    { "\r", "a control character (0x0d)" },
    { "\x7f", "a control character (0x7f)" },
    { "\xc2\x85", "a control character (U+0085)" },
    { "\xc2\xa0", "a no-break space (U+00A0)" },
    { "\xe2\x80\xaf", "a no-break space (U+202F)" },
    { "\xe2\x80\x87", "a no-break space (U+2007)" },
    { "\xe2\x80\x83", "a wide space (U+2003)" },
    { "\xe2\x80\x8d", "an invisible character (U+200D)" },
    { "\xe2\x80\xae", "an invisible character (U+202E)" },
    { "\xe2\x80\x99", "a typographic quote (U+2019)" },
    { "\xe2\x80\x94", "a dash (U+2014)" },
    { "\xef\xbb\xbf", "a byte order mark (U+FEFF)" },
    { "\xc3\xa9", "the character U+00E9" },
    { "\xf0\x9f\x98\x80", "the character U+1F600" },
    { "\xa0", "the byte 0xa0" },
    { "\xe2\x80", "the byte 0xe2" },
};

Test(text, character_that_cannot_be_seen_has_a_name)
{
    for (size_t i = 0; i < COUNT(characters); i++) {
        char name[TEXT_NAME_SIZE];

        text_name_character(characters[i].bytes, name);
        cr_expect_str_eq(name, characters[i].name, "row %zu: %s", i, name);
    }
}
