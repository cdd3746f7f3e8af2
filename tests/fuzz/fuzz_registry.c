/* Input: the body of a response of the registry or to a purge. Keys are below "authentication". */
#include "check.h"
#include "hub/device_info.h"
#include "hub/json_read.h"
#include "hub/purge.h"

#include <stdlib.h>
#include <string.h>

/* A trace shows the body without the keys. */
static void check_masked(const struct buf *body)
{
    struct buf masked = { 0 };
    struct cJSON *root = NULL;

    if (device_info_append_masked(&masked, body)) {
        CHECK(json_parse(masked.data, masked.size, &root, NULL) == C2D_OK);
        CHECK(json_member(root, "authentication") == NULL
              || strcmp(json_text_member(root, "authentication"), "***") == 0);
    } else {
        CHECK(masked.size == 0);
    }
    json_free(root);
    buf_clear(&masked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    const struct buf body = { .data = text, .size = strlen(text) };
    struct c2d_device_info *info;
    struct c2d_error error = { 0 };
    int64_t purged = -1;

    if (device_info_read(&body, &info, &error) == C2D_OK)
        CHECK(info->device_id != NULL && info->message_count >= -1);
    else
        check_error(&error);
    error = (struct c2d_error) { 0 };
    if (purge_read(&body, &purged, &error) == C2D_OK)
        CHECK(purged >= 0);
    else
        check_error(&error);
    check_masked(&body);
    c2d_device_info_free(info);
    free(text);
    return 0;
}
