/* Input: a connection string. */
#include "base/crypto.h"
#include "check.h"
#include "hub/connstr.h"
#include "same_message.h"

#include <stdlib.h>
#include <string.h>

/* Writes a connection string with the parts of credentials. */
static void format(const struct credentials *credentials, struct buf *text)
{
    buf_format(text, "HostName=%s", credentials->host);
    if (credentials->device_id != NULL)
        buf_format(text, ";DeviceId=%s", credentials->device_id);
    if (credentials->policy != NULL)
        buf_format(text, ";SharedAccessKeyName=%s", credentials->policy);
    if (credentials->token != NULL)
        buf_format(text, ";SharedAccessSignature=%s", credentials->token);
    if (credentials->x509)
        buf_text(text, ";x509=true");
    if (credentials->key.size > 0) {
        buf_text(text, ";SharedAccessKey=");
        base64_append(text, credentials->key.data, credentials->key.size);
    }
}

static void check_parsed(const struct credentials *first)
{
    struct credentials second;
    struct buf text = { 0 };

    CHECK(first->host_name != NULL
          && strncmp(first->host, first->host_name, strlen(first->host_name)) == 0);
    CHECK((first->device_id != NULL) == (first->role == C2D_ROLE_DEVICE));
    CHECK(first->device_id == NULL || c2d_check_device_id(first->device_id, NULL) == C2D_OK);
    CHECK((first->key.size > 0) + (first->token != NULL) + first->x509 == 1);
    format(first, &text);
    CHECK(connstr_parse(text.data, &second, NULL) == C2D_OK);
    CHECK(strcmp(first->host_name, second.host_name) == 0);
    CHECK(same_text(first->device_id, second.device_id));
    CHECK(same_text(first->policy, second.policy));
    CHECK(same_text(first->token, second.token));
    CHECK(first->token_ends_at_s == second.token_ends_at_s);
    CHECK(first->x509 == second.x509 && first->key.size == second.key.size);
    CHECK(first->key.size == 0 || memcmp(first->key.data, second.key.data, first->key.size) == 0);
    credentials_clear(&second);
    buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    struct credentials credentials;
    struct c2d_error error = { 0 };

    if (connstr_parse(text, &credentials, &error) == C2D_OK) {
        check_parsed(&credentials);
        if (credentials_require(&credentials, C2D_ROLE_SERVICE, &error) != C2D_OK)
            check_error(&error);
        error = (struct c2d_error) { 0 };
        if (credentials_require(&credentials, C2D_ROLE_DEVICE, &error) != C2D_OK)
            check_error(&error);
    } else {
        CHECK(error.status == C2D_CONFIG && credentials.key.data == NULL);
        check_error(&error);
    }
    credentials_clear(&credentials);
    free(text);
    return 0;
}
