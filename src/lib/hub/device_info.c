/* Reads the registry's entry of a device. All members but deviceId may be missing. */
#include "device_info.h"

#include "base/error.h"
#include "json_read.h"

#include <stdlib.h>
#include <string.h>

/* The public struct, and the texts that it points to. */
struct owned_device {
    struct c2d_device_info shown; /* first, so that both have the same address */
    char *texts[5];
};

static enum c2d_status copy_device(const struct cJSON *root, struct owned_device *owned,
                                   struct c2d_error *error)
{
    static const char *const names[] = { "deviceId", "status", "connectionState",
                                         "lastActivityTime", "generationId" };
    double number = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = json_text_member(root, names[i]);

        owned->texts[i] = text == NULL ? NULL : strdup(text);
        if (text != NULL && owned->texts[i] == NULL)
            return fail_memory(error);
    }
    owned->shown = (struct c2d_device_info) {
        .device_id = owned->texts[0],
        .status = owned->texts[1],
        .connection_state = owned->texts[2],
        .last_activity_time = owned->texts[3],
        .generation_id = owned->texts[4],
        .message_count = -1,
    };
    if (json_as_number(json_member(root, "cloudToDeviceMessageCount"), INT32_MAX, &number))
        owned->shown.message_count = (int64_t)number;
    if (owned->shown.device_id == NULL)
        return fail(error, C2D_PROTOCOL, "the registry's response has no deviceId");
    return C2D_OK;
}

enum c2d_status device_info_read(const struct buf *body, struct c2d_device_info **info,
                                 struct c2d_error *error)
{
    struct owned_device *owned = calloc(1, sizeof *owned);
    struct cJSON *root;
    enum c2d_status status;

    *info = NULL;
    if (owned == NULL)
        return fail_memory(error);
    status = json_parse(body->data, body->size, &root, error);
    if (status == C2D_OK && !json_is_object(root))
        status = fail(error, C2D_PROTOCOL, "the registry's response is not a JSON object");
    if (status == C2D_OK)
        status = copy_device(root, owned, error);
    json_wipe_free(root); /* it holds the keys of the device */
    if (status == C2D_OK)
        *info = &owned->shown;
    else
        c2d_device_info_free(&owned->shown);
    return status;
}

void c2d_device_info_free(struct c2d_device_info *info)
{
    struct owned_device *owned = (struct owned_device *)info;

    for (size_t i = 0; owned != NULL && i < sizeof owned->texts / sizeof *owned->texts; i++)
        free(owned->texts[i]);
    free(owned);
}

bool device_info_append_masked(struct buf *out, const struct buf *body)
{
    struct cJSON *root;
    char *text = NULL;

    json_parse(body->data, body->size, &root, NULL);
    if (json_is_object(root) && json_mask_member(root, "authentication", "***"))
        text = json_print(root);
    if (text != NULL)
        buf_text(out, text);
    json_free(root);
    free(text);
    return text != NULL;
}
