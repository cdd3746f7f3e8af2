#include "hub/ids.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define ID64 "i234567890123456789012345678901234567890123456789012345678901234"

typedef enum c2d_status check_id(const char *id, struct c2d_error *error);

/* Tries each byte in an id: legal ones pass, the others are named with their position. */
static void check_every_byte(check_id *check, const char *legal)
{
    for (int byte = 1; byte < 256; byte++) {
        char id[4] = { 'a', (char)byte, 'z', '\0' };
        char shown[8];
        struct c2d_error error = { 0 };
        bool is_legal = strchr(legal, byte) != NULL;

        cr_expect_eq(check(id, &error), is_legal ? C2D_OK : C2D_DATA, "byte 0x%02x",
                     (unsigned)byte);
        if (is_legal)
            continue;
        snprintf(shown, sizeof shown, byte > 0x20 && byte < 0x7f ? "'%c'" : "0x%02x", byte);
        cr_expect_not_null(strstr(error.text, byte == ' ' ? "a space" : shown), "byte 0x%02x: %s",
                           (unsigned)byte, error.text);
        cr_expect_not_null(strstr(error.text, "position 2"), "%s", error.text);
    }
}

Test(ids, device_id_holds_the_legal_characters_and_no_other)
{
    check_every_byte(ids_check_device, ALNUM "-.+%_#*?!(),:=@$'");
}

Test(ids, message_id_holds_the_legal_characters_and_no_other)
{
    check_every_byte(ids_check_message, ALNUM "-:.+%_#*?!(),=@;$'");
}

Test(ids, length_is_1_to_128)
{
    static check_id *const checks[] = { ids_check_device, ids_check_message };

    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(checks[i]("", NULL), C2D_DATA);
        cr_expect_eq(checks[i]("a", NULL), C2D_OK);
        cr_expect_eq(checks[i](ID64 ID64, NULL), C2D_OK);
        cr_expect_eq(checks[i](ID64 ID64 "x", NULL), C2D_DATA);
    }
}

Test(ids, device_id_of_one_or_two_dots_is_refused)
{
    cr_assert_eq(ids_check_device(".", NULL), C2D_DATA);
    cr_assert_eq(ids_check_device("..", NULL), C2D_DATA);
    cr_assert_eq(ids_check_device("...", NULL), C2D_OK);
    cr_assert_eq(ids_check_device(".a", NULL), C2D_OK);
}

static enum c2d_status check_value(const char *value, struct c2d_error *error)
{
    return ids_check_value("user id", value, error);
}

Test(ids, value_holds_printable_ascii_and_no_other)
{
    char legal[96];

    for (int i = 0; i < 95; i++)
        legal[i] = (char)(0x20 + i);
    legal[95] = '\0';
    check_every_byte(check_value, legal);
}

Test(ids, value_has_no_outer_spaces)
{
    cr_assert_eq(check_value("", NULL), C2D_OK);
    cr_assert_eq(check_value("a b", NULL), C2D_OK);
    cr_assert_eq(check_value(" ", NULL), C2D_DATA);
    cr_assert_eq(check_value(" a", NULL), C2D_DATA);
    cr_assert_eq(check_value("a ", NULL), C2D_DATA);
}

Test(ids, property_name_is_a_token_and_what_is_not_is_named)
{
    cr_assert_eq(ids_check_property_name("", NULL), C2D_DATA);
    check_every_byte(ids_check_property_name, ALNUM "!#$%&'*+-.^_`|~");
}

Test(ids, check_before_a_send_gives_the_same_result)
{
    char longest[1026] = { 0 };

    cr_expect_eq(c2d_check_device_id("dev1", NULL), C2D_OK);
    cr_expect_eq(c2d_check_device_id("a/b", NULL), C2D_DATA);
    cr_expect_eq(c2d_check_lock_token("any plain (text)", NULL), C2D_OK);
    cr_expect_eq(c2d_check_lock_token("", NULL), C2D_DATA);
    cr_expect_eq(c2d_check_lock_token("a\nb", NULL), C2D_DATA);
    cr_expect_eq(c2d_check_lock_token(".", NULL), C2D_DATA);
    cr_expect_eq(c2d_check_lock_token("..", NULL), C2D_DATA);
    cr_expect_eq(c2d_check_lock_token("...", NULL), C2D_OK);
    memset(longest, 'a', sizeof longest - 1);
    cr_expect_eq(c2d_check_lock_token(longest, NULL), C2D_DATA);
    longest[1024] = '\0';
    cr_expect_eq(c2d_check_lock_token(longest, NULL), C2D_OK);
}

Test(ids, lookalike_character_is_named_with_its_probable_source)
{
    static const struct {
        const char *id, *name, *hint;
    } rows[] = {
        { "dev1\r", "a control character (0x0d) at position 5", "CRLF" },
        { "dev1\xc2\xa0", "a no-break space (U+00A0) at position 5", "by hand" },
        { "\xe2\x80\x9c"
          "dev1",
          "a typographic quote (U+201C) at position 1", "by hand" },
        { "dev\xe2\x80\x93"
          "1",
          "a dash (U+2013) at position 4", "by hand" },
        { "\"dev1\"", "'\"' at position 1", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct c2d_error error = { 0 };

        cr_expect_eq(ids_check_device(rows[i].id, &error), C2D_DATA);
        cr_expect_not_null(strstr(error.text, rows[i].name), "row %zu: %s", i, error.text);
        cr_expect_not_null(strstr(error.hint, rows[i].hint), "row %zu: %s", i, error.hint);
    }
}
