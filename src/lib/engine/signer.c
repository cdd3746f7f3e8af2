/* Chooses the token of a request: the current one, a new one, a ready one or none. A device's token
 * is valid only for that device. */
#include "signer.h"

#include "base/error.h"
#include "base/timestamp.h"
#include "hub/limits.h"
#include "hub/sas.h"

enum {
    /* One hour, as in Microsoft's SDKs; renewed while the old one is still valid. */
    TOKEN_LIFE_S = 3600,
    TOKEN_RENEW_S = TOKEN_LIFE_S / 5 * 4,
};

bool signer_resource(const struct credentials *credentials, const char *device_id,
                     struct buf *resource)
{
    buf_text(resource, credentials->host_name);
    if (device_id != NULL) {
        buf_text(resource, "/devices/");
        buf_text(resource, device_id);
    }
    return !resource->failed;
}

static enum c2d_status sign_token(struct signer *signer, int64_t hub_now_s, struct c2d_error *error)
{
    const struct credentials *credentials = signer->credentials;
    struct buf resource = { 0 };
    enum c2d_status status;

    buf_clear(&signer->token);
    if (!signer_resource(credentials, credentials->device_id, &resource))
        status = fail_memory(error);
    else
        status = sas_token(resource.data, &credentials->key, credentials->policy,
                           hub_now_s + TOKEN_LIFE_S, &signer->token, error);
    if (status != C2D_OK)
        buf_clear(&signer->token);
    signer->signed_at_s = hub_now_s;
    signer->renew_at_s = hub_now_s + TOKEN_RENEW_S;
    buf_clear(&resource);
    return status;
}

enum c2d_status signer_token(struct signer *signer, int64_t hub_now_s, const char **token,
                             struct c2d_error *error)
{
    enum c2d_status status = C2D_OK;

    *token = NULL;
    if (signer->credentials->x509)
        return C2D_OK;
    if (signer->credentials->token != NULL) {
        *token = signer->credentials->token;
        return C2D_OK;
    }
    /* The last condition: with a clock that was set back, a token would be used for too long. */
    if (signer->token.size == 0 || hub_now_s >= signer->renew_at_s
        || hub_now_s < signer->signed_at_s)
        status = sign_token(signer, hub_now_s, error);
    *token = signer->token.data;
    return status;
}

enum c2d_status signer_check_ready(const struct signer *signer, int64_t now_s, bool is_refused,
                                   struct c2d_error *error)
{
    const struct credentials *credentials = signer->credentials;
    int64_t tolerated_s = is_refused ? 0 : LIMIT_SKEW_S;
    char end[TIMESTAMP_SIZE], now[TIMESTAMP_SIZE];

    if (credentials->token == NULL || now_s - tolerated_s < credentials->token_ends_at_s)
        return C2D_OK;
    fail_at(error, C2D_STEP_KEY);
    timestamp_format(credentials->token_ends_at_s, "Z", end);
    timestamp_format(now_s, "Z", now);
    hint(error, "make a new one, or use a SharedAccessKey, which needs no renewal; check this "
                "machine's clock");
    return fail(error, C2D_AUTH,
                "the SharedAccessSignature in the connection string expired at %s; by this "
                "machine's clock it is %s",
                end, now);
}

void signer_discard_token(struct signer *signer)
{
    buf_clear(&signer->token);
}

bool signer_can_renew(const struct signer *signer)
{
    return !signer->credentials->x509 && signer->credentials->token == NULL;
}

void signer_clear(struct signer *signer)
{
    buf_clear(&signer->token);
    *signer = (struct signer) { 0 };
}
