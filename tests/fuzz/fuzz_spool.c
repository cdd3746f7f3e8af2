/* Input: a file of a spool. Its message is stored again, as a message of the hub would be. */
#include "check.h"
#include "cli/c2d-device/spool_file.h"
#include "cli/c2d-device/spool_name.h"
#include "program.h"
#include "same_message.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char owner[] = "0123456789abcdef";
static char draft_path[300];
static int folder = -1;

static void set_up(void)
{
    snprintf(draft_path, sizeof draft_path, "%s/draft", temporary_folder());
    folder = open(temporary_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(folder >= 0);
}

/* Stores message under name, as spool.c does. */
static enum spool_moved store(const struct c2d_message *message, const char *name)
{
    char *json = c2d_message_to_json(message, true);
    const struct spool_place from = { folder, "draft" }, to = { folder, name };

    write_file(draft_path, json, strlen(json));
    free(json);
    return spool_file_move(&program_app, "spool", &from, &to, message);
}

static void check_name(const char *name)
{
    CHECK(strlen(name) < SPOOL_NAME_SIZE && strncmp(name, owner, strlen(owner)) == 0);
    CHECK(name[strspn(name, "0123456789abcdef-")] == '.');
    CHECK(strcmp(strchr(name, '.'), ".json") == 0);
}

/* The file under name is message. */
static void check_file(const char *name, const struct c2d_message *message)
{
    enum c2d_status status;
    struct c2d_message *kept = spool_file_load(folder, name, &status);

    CHECK(kept != NULL && status == C2D_OK);
    check_same_message(kept, message);
    c2d_message_free(kept);
}

/* Stores a message, the same one again, and another one of the same name: none replaces another. */
static void check_store(const struct c2d_message *message)
{
    struct c2d_message other = *message;
    struct spool_names names;
    char name[SPOOL_NAME_SIZE], second[SPOOL_NAME_SIZE];

    (void)spool_name(name, owner, message);
    check_name(name);
    spool_name_numbered(second, name, 2);
    CHECK(store(message, name) == SPOOL_MOVED);
    CHECK(store(message, name) == SPOOL_KNOWN);
    other.body = "another body";
    other.body_size = strlen(other.body);
    if (message->body_size != other.body_size) {
        CHECK(store(&other, name) == SPOOL_MOVED);
        check_file(second, &other);
        CHECK(store(&other, name) == SPOOL_KNOWN);
    }
    check_file(name, message);
    CHECK(spool_names_read(&names, folder, owner, ".json"));
    CHECK(names.count == (message->body_size != other.body_size ? 2 : 1));
    for (size_t i = 0; i < names.count; i++)
        CHECK(unlinkat(folder, names.items[i], 0) == 0);
    spool_names_clear(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct c2d_message *message;
    enum c2d_status status;

    if (folder < 0)
        set_up();
    write_file(draft_path, data, size);
    message = spool_file_load(folder, "draft", &status);
    CHECK((message != NULL) == (status == C2D_OK));
    if (message == NULL)
        CHECK(status == C2D_DATA);
    else
        check_store(message);
    c2d_message_free(message);
    return 0;
}
