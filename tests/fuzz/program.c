#include "program.h"

#include "check.h"
#include "cli/common/report.h"

#include <stdlib.h>

static const struct program program = { .name = "c2d-http", .role = C2D_ROLE_SERVICE };

const struct app program_app = { .program = &program, .common = { .quiet = true } };

/* The parts of a program ask their client for nothing else. */
const char *c2d_client_host(const struct c2d_client *client)
{
    (void)client;
    return "hub.azure-devices.net";
}

void program_check_error(const struct c2d_error *error)
{
    char *json;

    CHECK(error->status != C2D_OK && error->text[0] != '\0');
    json = report_error_json(&program_app, error);
    check_json(json);
    free(json);
}
