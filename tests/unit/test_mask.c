#include "engine/mask.h"

#include "../support/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TOKEN "SharedAccessSignature sr=h-sig=x&sig=Ab%2Bcd%2FefGH%2Bi%3D&se=9"

static const struct {
    const char *shown, *masked;
} rows[] = {
    { "sig=Ab%2Bcd%2FefGH%2Bi%3D&se=9", "sig=*********************&se=9" },
    { "sig=Ab%2bcd%2fefGH%2bi%3d&se=9", "sig=*********************&se=9" },
    { "sig=Ab%252Bcd%252fefGH%25252Bi%253D;", "sig=*******************************;" },
    { "(Ab+cd/efGH+i=)", "(*************)" },
    { "(Ab cd/efGH i=)", "(*************)" },
    { "(Ab-cd_efGH-i)", "(************)" },
    { "\"Ab+cd\\/efGH+i=\"", "\"**************\"" },
    { "\\\"Ab\\\\u002Bcd\\\\\\/efGH\\u002bi\\u003d\\\"",
      "\\\"********************************\\\"" },
    { "<b>Ab&#43;cd&#x2F;efGH&#x2b;i&#61;</b>", "<b>*******************************</b>" },
    { "ab%2bcd%2fefgh%2bi%3d", "*********************" },
    { "cut: Ab+cd/ef...", "cut: ********..." },
    { "Ab+cd/ but not more", "Ab+cd/ but not more" },
    { "Ab+cd/efGH+i=Ab+cd/efGH+i=", "**************************" },
    { "twice Ab%2Bcd%2FefGH%2Bi%3D, Ab+cd/efGH+i=", "twice *********************, *************" },
    { "ends in an escape: % \\ & &# &#x %2 %25 %252 \\u00", NULL },
    { "plain text, and nothing else", NULL },
    { "", NULL },
};

Test(mask, signature_is_masked_however_a_server_writes_it)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];

        snprintf(text, sizeof text, "%s", rows[i].shown);
        mask_signature(text, strlen(text), TOKEN);
        cr_expect_str_eq(text, rows[i].masked != NULL ? rows[i].masked : rows[i].shown,
                         "row %zu: %s", i, text);
    }
}

Test(mask, a_long_run_of_backslashes_takes_no_minutes, .timeout = 60)
{
    enum { RUN = 1024 * 1024 };
    static char text[RUN + 64];

    memset(text, '\\', RUN);
    strcpy(text + RUN, "u0041b+cd/efGH+i=");
    mask_signature(text, strlen(text), TOKEN);
    cr_expect_eq(strspn(text, "*"), strlen(text), "%s", text + RUN);
    memset(text, '\\', RUN);
    strcpy(text + RUN, "u0042b+cd/efGH+i=");
    mask_signature(text, strlen(text), TOKEN);
    cr_expect_str_eq(text + RUN, "u0042b+cd/efGH+i=");
}

Test(mask, no_byte_after_the_size_is_read_or_written)
{
    static const char shown[] = "Ab%2Bcd%2FefGH%2Bi%3D";

    for (size_t size = 0; size < sizeof shown; size++) {
        char text[sizeof shown];

        memcpy(text, shown, sizeof shown);
        mask_signature(text, size, TOKEN);
        cr_expect_str_eq(text + size, shown + size, "size %zu: %s", size, text);
    }
}

Test(mask, a_short_signature_is_masked_whole_and_without_one_nothing_is_masked)
{
    char text[] = "abc ab a", untouched[] = "abc";

    mask_signature(text, strlen(text), "SharedAccessSignature sig=abc&sr=h&se=9");
    cr_expect_str_eq(text, "*** ab a");
    mask_signature(untouched, 3, NULL);
    mask_signature(untouched, 3, "SharedAccessSignature sig=&sr=abc");
    cr_expect_str_eq(untouched, "abc");
}

Test(mask, each_text_of_an_error_is_masked)
{
    struct c2d_error error = {
        .text = "Ab+cd/efGH+i=",
        .hint = "Ab+cd/efGH+i=",
        .hub_code_name = "Ab+cd/efGH+i=",
        .request_id = "Ab+cd/efGH+i=",
    };

    mask_error(&error, TOKEN);
    cr_expect_str_eq(error.text, "*************");
    cr_expect_str_eq(error.hint, "*************");
    cr_expect_str_eq(error.hub_code_name, "*************");
    cr_expect_str_eq(error.request_id, "*************");
}
