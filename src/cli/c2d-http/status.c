/* status: what the registry knows of devices, without their keys. */
#include "../common/json_line.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/session.h"
#include "../common/several.h"
#include "commands.h"

#include <stdlib.h>

static enum c2d_status print_device(const struct app *app, const struct c2d_device_info *info)
{
    struct json_line line;
    enum c2d_status status;
    char *text;

    json_begin(&line);
    json_text(&line, "deviceId", info->device_id);
    json_text(&line, "status", info->status);
    json_text(&line, "connectionState", info->connection_state);
    if (info->message_count >= 0)
        json_number(&line, "cloudToDeviceMessageCount", info->message_count);
    json_text(&line, "lastActivityTime", info->last_activity_time);
    json_text(&line, "generationId", info->generation_id);
    text = json_end(&line);
    status = output_line(app, text);
    free(text);
    return status;
}

static enum c2d_status show(struct app *app, const char *device_id)
{
    struct c2d_device_info *info = NULL;
    struct c2d_error error;
    enum c2d_status status = c2d_device_info_get(app->client, device_id, &info, &error);

    if (status == C2D_OK)
        status = print_device(app, info);
    else
        report_error(app, &error, &(struct subject) { device_id, NULL });
    c2d_device_info_free(info);
    return status;
}

static enum c2d_status run(struct app *app, void *settings)
{
    struct several several = { 0 };
    struct c2d_error error;
    enum c2d_status status;

    (void)settings;
    if (app->word_count == 0)
        return report_usage(app, "status of which device?");
    /* All of them before the first request: a slip in the last costs nothing (G7). */
    for (size_t i = 0; i < app->word_count; i++)
        if (c2d_check_device_id(app->words[i], &error) != C2D_OK)
            return report_error(app, &error, NULL);
    status = session_open(app);
    if (status != C2D_OK)
        return status;
    for (size_t i = 0; i < app->word_count && several_goes_on(&several); i++)
        several_add(&several, show(app, app->words[i]));
    return several_status(&several);
}

const struct command status_command = {
    .name = "status",
    .arguments = "DEVICE...",
    .summary = "show what the registry knows of devices; needs the right RegistryRead",
    .prints = true,
    .run = run,
};
