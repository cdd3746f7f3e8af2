#include "program.h"

#include "check.h"
#include "cli/common/report.h"

#include <stdlib.h>

static const struct program program = { .name = "c2d-http", .role = C2D_ROLE_SERVICE };
static struct c2d_error held;

const struct app program_app = { .program = &program, .common = { .quiet = true }, .held = &held };

/* The parts of a program ask their client for nothing else. */
const char *c2d_client_host(const struct c2d_client *client)
{
    (void)client;
    return "hub.azure-devices.net";
}

void program_check_error(enum c2d_status status)
{
    char *json;

    CHECK(status != C2D_OK && held.status == status);
    json = report_error_json(&program_app, &held);
    check_json(json);
    free(json);
    held = (struct c2d_error) { 0 };
}
