#include "hub/json_scan.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <string.h>

Test(json_scan, text_of_the_json_grammar_is_valid)
{
    static const char *const valid[] = {
        "0",
        "-0",
        "10.5e+3",
        "1E-2",
        "true",
        "false",
        "null",
        "\"\"",
        " [ ] ",
        "{}",
        "[1,2]",
        "[[],{}]",
        "\"\xc3\xa9\"",
        "{\"a\":1,\"b\":[true,null]}\r\n",
        "\"\\u00e9\\n\\\"\"",
        "\"\\ud83d\\ude00\"",
    };

    for (size_t i = 0; i < COUNT(valid); i++)
        cr_expect(json_is_valid(valid[i], strlen(valid[i])), "%s", valid[i]);
}

Test(json_scan, text_outside_of_the_json_grammar_is_invalid)
{
    static const char *const invalid[] = {
        "",
        " ",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "tru",
        "truex",
        "'a'",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u0000\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ue000\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{a:1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "[",
        "]",
        "[}",
        "{} {}",
        "1 2",
        "\"a\"b",
        "nul",
    };

    for (size_t i = 0; i < COUNT(invalid); i++)
        cr_expect_not(json_is_valid(invalid[i], strlen(invalid[i])), "%s", invalid[i]);
    cr_expect_not(json_is_valid("1\0", 2), "a NUL after the value must be refused");
}

Test(json_scan, depth_32_is_valid_and_33_is_not)
{
    char text[80];

    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    cr_assert(json_is_valid(text + 1, 64));
    cr_assert_not(json_is_valid(text, 66));
}
