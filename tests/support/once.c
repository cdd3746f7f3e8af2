#include "once.h"

#include "hub/sas.h"

#include <criterion/criterion.h>

static enum c2d_status finish(struct script *script, struct c2d_client *client,
                              enum c2d_status status, const struct c2d_error *error)
{
    cr_expect_eq(error->status, status);
    c2d_client_free(client);
    cr_assert(script->destroyed);
    return status;
}

enum c2d_status receive_once(struct script *script, struct c2d_message **message,
                             struct c2d_error *error)
{
    struct c2d_client *client = client_for_test(script, DEVICE_STRING);
    struct c2d_message *received = NULL;
    enum c2d_status status = c2d_receive(client, &received, error);

    cr_expect_eq(received == NULL, status != C2D_OK);
    if (message != NULL)
        *message = received;
    else
        c2d_message_free(received);
    return finish(script, client, status, error);
}

enum c2d_status send_once(struct script *script, const struct c2d_message *message,
                          struct c2d_error *error)
{
    struct c2d_client *client = client_for_test(script, SERVICE_STRING);

    return finish(script, client, c2d_send(client, "dev1", message, error), error);
}

int64_t token_expiry(const struct script_request *request)
{
    struct c2d_sas sas;

    cr_assert_eq(sas_parse(request->authorization, &sas, NULL), C2D_OK);
    return sas.expires_at_s;
}
