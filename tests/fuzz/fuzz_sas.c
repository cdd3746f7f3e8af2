/* Input: a token. Its text is also used as resource and policy of a token that is made. */
#include "check.h"
#include "hub/sas.h"

#include <stdlib.h>
#include <string.h>

/* Makes a token and reads it back. A text that does not fit into struct c2d_sas is refused. */
static void check_token(const char *resource, const char *policy, int64_t expires_at_s)
{
    const struct buf key = { .data = (char[]) { "canary" }, .size = 6 };
    const char *skn = *policy == '\0' ? NULL : policy;
    struct buf token = { 0 };
    struct c2d_sas sas;
    bool fits = strlen(resource) < sizeof sas.resource && strlen(policy) < sizeof sas.policy;

    CHECK(sas_token(resource, &key, skn, expires_at_s, &token, NULL) == C2D_OK);
    check_line(token.data);
    if (sas_parse(token.data, &sas, NULL) == C2D_OK) {
        CHECK(strcmp(sas.resource, resource) == 0 && strcmp(sas.policy, policy) == 0);
        CHECK(sas.expires_at_s == expires_at_s);
    } else {
        /* An escaped field has up to 1023 bytes. */
        CHECK(!fits || token.size > 1023);
    }
    buf_clear(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    struct c2d_sas sas;
    struct c2d_error error = { 0 };

    if (c2d_sas_decode(text, &sas, &error) == C2D_OK) {
        CHECK(sas.expires_at_s >= 0);
        check_token(sas.resource, sas.policy, sas.expires_at_s);
    } else {
        check_error(&error);
        if (*text != '\0') /* a resource begins with a host */
            check_token(text, text, (int64_t)size);
    }
    free(text);
    return 0;
}
