/* Checks ids before a request is made, so that an error names the invalid character; a hub's 400
 * would not. The character sets are the documented ones [hub docs]. */
#include "ids.h"

#include "base/text.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

/* Fails and names the character at a position. The text around it is not shown: it may be a piece
 * of a key that was pasted by mistake. */
static enum c2d_status bad_byte(struct c2d_error *error, const char *what, const char *text,
                                size_t at)
{
    char shown[TEXT_NAME_SIZE];

    text_name_character(text + at, shown);
    if (text[at] == '\r')
        hint(error, "it comes from a file with Windows line ends (CRLF): remove them with "
                    "tr -d '\\r'");
    else if ((unsigned char)text[at] >= 0x80)
        hint(error,
             "only ASCII is allowed there: type quotes, dashes and blanks from a document or "
             "a web page by hand; other text can go into the body");
    return fail(error, C2D_DATA, "the %s holds %s at position %zu, which is not allowed there",
                what, shown, at + 1);
}

static enum c2d_status check_id(const char *what, const char *id, size_t max, const char *marks,
                                struct c2d_error *error)
{
    size_t size = strlen(id);

    if (size == 0)
        return fail(error, C2D_DATA, "the %s is empty", what);
    if (size > max)
        return fail(error, C2D_DATA, "the %s is %zu characters long, more than %zu", what, size,
                    max);
    for (size_t i = 0; i < size; i++)
        if (!byte_is_alnum((unsigned char)id[i]) && strchr(marks, id[i]) == NULL)
            return bad_byte(error, what, id, i);
    return C2D_OK;
}

enum c2d_status ids_check_device(const char *id, struct c2d_error *error)
{
    /* Encoding does not help: servers and proxies treat %2e as a dot. */
    if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return fail(error, C2D_DATA, "the device id is '%s', which is not possible in a URL", id);
    return check_id("device id", id, LIMIT_DEVICE_ID, "-.+%_#*?!(),:=@$'", error);
}

enum c2d_status c2d_check_device_id(const char *device_id, struct c2d_error *error)
{
    error_reset(error);
    return device_id == NULL ? fail(error, C2D_USAGE, "the device id is missing (NULL)")
                             : ids_check_device(device_id, error);
}

enum c2d_status ids_check_lock_token(const char *token, struct c2d_error *error)
{
    if (*token == '\0')
        return fail(error, C2D_DATA, "the lock token is empty");
    /* As with a device id: it would be treated as a folder. */
    if (strcmp(token, ".") == 0 || strcmp(token, "..") == 0)
        return fail(error, C2D_DATA, "the lock token is '%s', which is not possible in a URL",
                    token);
    if (strlen(token) > LIMIT_LOCK_TOKEN)
        return fail(error, C2D_DATA, "the lock token is %zu characters long, more than %d",
                    strlen(token), LIMIT_LOCK_TOKEN);
    return ids_check_value("lock token", token, error);
}

enum c2d_status c2d_check_lock_token(const char *lock_token, struct c2d_error *error)
{
    error_reset(error);
    return lock_token == NULL ? fail(error, C2D_USAGE, "the lock token is missing (NULL)")
                              : ids_check_lock_token(lock_token, error);
}

enum c2d_status ids_check_message(const char *id, struct c2d_error *error)
{
    return check_id("message id", id, LIMIT_MESSAGE_ID, "-:.+%_#*?!(),=@;$'", error);
}

enum c2d_status ids_check_value(const char *what, const char *value, struct c2d_error *error)
{
    size_t size = strlen(value);

    for (size_t i = 0; i < size; i++)
        if (!byte_is_plain((unsigned char)value[i]))
            return bad_byte(error, what, value, i);
    /* Readers of a header strip them. */
    if (size > 0 && (value[0] == ' ' || value[size - 1] == ' '))
        return fail(error, C2D_DATA,
                    "the %s begins or ends with a space, which is not possible in a header", what);
    return C2D_OK;
}

enum c2d_status ids_check_property_name(const char *name, struct c2d_error *error)
{
    char what[160];

    if (*name == '\0')
        return fail(error, C2D_DATA, "a property has no name");
    snprintf(what, sizeof what, "property name '%.128s'", name);
    for (size_t i = 0; name[i] != '\0'; i++)
        if (!byte_is_token((unsigned char)name[i]))
            return bad_byte(error, what, name, i);
    return C2D_OK;
}
