/* c2d-http, the program for back ends: its name, its credentials and its commands. driver.c does
 * the rest. */
#include "../common/completion.h"
#include "../common/doctor.h"
#include "../common/driver.h"
#include "../common/sas.h"
#include "commands.h"

static const struct command *const commands[] = {
    &send_command,        &feedback_command, &purge_command,      &status_command,
    &sas_service_command, &doctor_command,   &completion_command, NULL,
};

static const struct program program = {
    .name = "c2d-http",
    .role = C2D_ROLE_SERVICE,
    .variable = "IOTHUB_CONNECTION_STRING",
    .file = "service.conn",
    .about = "\nThe back end's side of Azure IoT Hub's cloud-to-device messages, over HTTPS.\n",
    .examples = "send dev1 -m 'restart at noon' --ttl 10m --ack full\n"
                "feedback -o feedback.jsonl",
    .commands = commands,
};

int main(int argc, char **argv)
{
    (void)argc;
    return driver_main(&program, argv);
}
