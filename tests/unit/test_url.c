#include "http/url.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(url, all_but_unreserved_bytes_are_escaped_in_upper_case_hex)
{
    static const char unreserved[] = "-_.~0123456789"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (int byte = 1; byte < 256; byte++) {
        struct buf buf = { 0 };
        char text[2] = { (char)byte, '\0' }, expected[8];

        snprintf(expected, sizeof expected, strchr(unreserved, byte) != NULL ? "%c" : "%%%02X",
                 byte);
        url_append_escaped(&buf, text);
        cr_expect_str_eq(buf.data, expected, "byte 0x%02x", (unsigned)byte);
        buf_clear(&buf);
    }
}

static const struct {
    const char *text, *plain; /* NULL: refused */
} escapes[] = {
    { "", "" },        { "abc", "abc" }, { "a%2Fb%2fc", "a/b/c" }, { "%25%32%46", "%2F" },
    { "+", "+" }, /* a path's plus is a plus, not a space */
    { "%ff", "\xff" }, { "%", NULL },    { "%4", NULL },           { "a%4g", NULL },
    { "a%g4", NULL },  { "%%41", NULL }, { "%00", NULL },          { "%-1", NULL },
    { "% 1", NULL },
};

Test(url, escapes_are_read_back_or_refused_when_broken)
{
    for (size_t i = 0; i < COUNT(escapes); i++) {
        char out[32];
        bool ok = url_unescape(escapes[i].text, strlen(escapes[i].text), out);

        cr_expect_eq(ok, escapes[i].plain != NULL, "'%s'", escapes[i].text);
        if (ok && escapes[i].plain != NULL)
            cr_expect_str_eq(out, escapes[i].plain, "'%s'", escapes[i].text);
    }
}

Test(url, escape_that_the_size_cuts_is_refused)
{
    char out[8];

    cr_assert_not(url_unescape("%41", 2, out));
    cr_assert(url_unescape("a%41", 1, out));
    cr_assert_str_eq(out, "a");
}
