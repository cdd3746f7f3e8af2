#include "../common/completion.h"
#include "../common/doctor.h"
#include "../common/driver.h"
#include "../common/sas.h"
#include "commands.h"

static const struct command *const commands[] = {
    &receive_command, &poll_command,       &complete_command,
    &abandon_command, &reject_command,     &sas_device_command,
    &doctor_command,  &completion_command, NULL,
};

static const struct option options[] = {
    { 0, "cert", "FILE", "certificate (PEM) of the device, for x509=true", OPTION_TEXT,
      offsetof(struct common, cert), 0, 0 },
    { 0, "key", "FILE", "its key (PEM, not encrypted)", OPTION_TEXT, offsetof(struct common, key),
      0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};

static const struct program program = {
    .name = "c2d-device",
    .role = C2D_ROLE_DEVICE,
    .variable = "IOTHUB_DEVICE_CONNECTION_STRING",
    .file = "device.conn",
    .about =
        "\nThe device's side of Azure IoT Hub's cloud-to-device messages, over HTTPS. The hub\n"
        "locks a message for a minute when it delivers it. To settle the message is to end this\n"
        "lock: complete and reject remove it, abandon puts it back. Unsettled, it comes again.\n",
    .examples = "receive -o messages.jsonl\n"
                "poll --spool /var/spool/c2d -- /usr/local/bin/handle",
    .options = options,
    .commands = commands,
};

int main(int argc, char **argv)
{
    (void)argc;
    return driver_main(&program, argv);
}
