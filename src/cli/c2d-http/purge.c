/* purge: removes all messages that are queued for a device. */
#include "../common/failure.h"
#include "../common/input.h"
#include "../common/output.h"
#include "../common/report.h"
#include "../common/session.h"
#include "base/json_write.h"
#include "commands.h"

#include <unistd.h>

struct settings {
    bool force;
};

static const struct option options[] = {
    { 0, "force", NULL, "do not ask for confirmation; required without a terminal", OPTION_FLAG,
      offsetof(struct settings, force), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

/* Asks for confirmation. Both stdin and stderr must be terminals. */
static enum c2d_status confirm(const struct app *app, const char *device_id,
                               struct c2d_error *error)
{
    char answer[16] = "";
    FILE *lines;

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return fail_usage(app, error,
                          "purge removes messages for good: without a terminal it needs --force");
    fprintf(stderr, "Remove all messages that are queued for device '%s'? [y/N] ", device_id);
    lines = input_lines();
    if (lines != NULL) {
        if (fgets(answer, sizeof answer, lines) == NULL)
            answer[0] = '\0';
        fclose(lines);
    }
    if (answer[0] != 'y' && answer[0] != 'Y')
        return fail(error, C2D_USAGE, "not confirmed: nothing was removed");
    return C2D_OK;
}

static enum c2d_status print_result(const struct app *app, const char *device_id, int64_t purged,
                                    struct c2d_error *error)
{
    struct buf line;

    if (app->common.quiet)
        return C2D_OK;
    json_begin(&line);
    json_append_text(&line, "deviceId", device_id);
    json_append_number(&line, "totalMessagesPurged", purged);
    return output_object(app, &line, error);
}

static enum c2d_status run(struct app *app, void *arguments, struct c2d_error *error)
{
    const struct settings *settings = arguments;
    struct subject subject = { 0 };
    struct c2d_error result;
    int64_t purged = 0;
    enum c2d_status status = C2D_OK;

    /* IOTHUB_DEVICE_ID is ignored: a command that deletes must name its device. */
    if (app->word_count != 1)
        return fail_usage(app, error, "purge takes exactly one device, as an argument");
    subject.device_id = app->words[0];
    if (c2d_check_device_id(app->words[0], error) != C2D_OK)
        return error->status;
    if (!settings->force && !app->common.dry_run)
        status = confirm(app, app->words[0], error);
    if (status == C2D_OK)
        status = session_open(app, NULL, error);
    if (status != C2D_OK)
        return status;
    if (c2d_purge(app->client, app->words[0], &purged, &result) != C2D_OK)
        return report_error(app, &result, &subject);
    if (result.earlier_try_unanswered)
        report_warning(
            app,
            "an earlier attempt got no response from the hub: the messages that it removed are "
            "not counted");
    return report_unprinted(app, print_result(app, app->words[0], purged, error), error, &subject,
                            "%lld messages of device '%.128s' are removed", (long long)purged,
                            app->words[0]);
}

const struct command purge_command = {
    .name = "purge",
    .arguments = "DEVICE",
    .summary = "remove all messages that are queued for a device",
    .about =
        "What is purged is lost: the device never gets it. Prints how many messages that were.\n",
    .examples = "purge dev1\n"
                "purge dev1 --force",
    .options = options,
    .settings_size = sizeof(struct settings),
    .prints = true,
    .run = run,
};
