/* Recognises texts that people paste instead of a connection string, and names the first character
 * that is not allowed. No other byte is shown: it may be a piece of a key. */
#include "connstr_text.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define STRING_ONLY                                                                                \
    "give only the string, from HostName= to its last byte: no quotes around it, no comment "      \
    "above it"
#define FROM_JSON                                                                                  \
    "extract the string: jq -r .connectionString FILE, or the cloud's command with "               \
    "--query connectionString -o tsv"

/* Texts that are not connection strings, by how they begin. */
static const struct {
    const char *start, *what, *hint;
} others[] = {
    { "{", "is JSON", FROM_JSON },
    { "[", "is JSON", FROM_JSON },
    { "\"", "begins with a quote", STRING_ONLY },
    { "'", "begins with a quote", STRING_ONLY },
    { "#", "begins with a comment", STRING_ONLY },
    { "Endpoint=", "is that of an Event Hubs endpoint",
      "use the hub's own, which begins with HostName=" },
    { "SharedAccessSignature ", "is only a token",
      "write HostName=HUB;DeviceId=DEVICE;SharedAccessSignature=TOKEN (a back end: without "
      "DeviceId)" },
};

/* True if a connection string begins at text. Its parts may come in any order. */
static bool begins_string(const char *text)
{
    static const char *const names[] = { "HostName=", "DeviceId=", "SharedAccessKey" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* True for NAME=HostName=..., export NAME="HostName=..." and name: HostName=... */
static bool is_assignment(const char *text)
{
    size_t size = strcspn(text, ";");

    if (begins_string(text))
        return false;
    for (size_t i = 1; i < size && byte_is_plain((unsigned char)text[i - 1]); i++)
        if (strchr("=: \"'", text[i - 1]) != NULL && begins_string(text + i))
            return true;
    return false;
}

/* Returns C2D_CONFIG if text is of another kind. Ignores a byte order mark and blanks before it:
 * they are reported only for a connection string. */
static enum c2d_status check_kind(const char *text, struct c2d_error *error)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (strncmp(text, mark, strlen(mark)) == 0)
        text += strlen(mark);
    text += strspn(text, " \t\r\n");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(text, others[i].start, strlen(others[i].start)) == 0) {
            hint(error, "%s", others[i].hint);
            return fail(error, C2D_CONFIG, "the connection string %s", others[i].what);
        }
    if (!is_assignment(text))
        return C2D_OK;
    hint(error, "keep only what follows NAME=, without quotes: it begins with HostName=");
    return fail(error, C2D_CONFIG,
                "the connection string begins with a variable's name, as a line of a shell script "
                "or of an .env file does");
}

enum c2d_status connstr_text_fail(const char *text, size_t at, struct c2d_error *error)
{
    unsigned char byte = (unsigned char)text[at];
    char name[TEXT_NAME_SIZE];

    text_name_character(text + at, name);
    if (byte == '\r')
        hint(error, "it comes from a file with Windows line ends (CRLF): remove them with "
                    "tr -d '\\r'");
    else if (byte == '\n')
        hint(error, "the connection string is one line, with nothing before or after it");
    else if (byte >= 0x80)
        hint(error, "it may come from a document or a web page: type that character by hand, or "
                    "copy the string from its source");
    else
        hint(error, "remove it");
    return fail(error, C2D_CONFIG, "the connection string holds %s at position %zu", name, at + 1);
}

enum c2d_status connstr_text_check(const char *text, size_t size, struct c2d_error *error)
{
    enum c2d_status status = check_kind(text, error);

    /* Not allowed in any part: a hub's names, ids and tokens are ASCII. */
    for (size_t i = 0; status == C2D_OK && i < size; i++)
        if (!byte_is_plain((unsigned char)text[i]) || text[i] == '"')
            status = connstr_text_fail(text, i, error);
    return status;
}
