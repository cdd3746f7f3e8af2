#ifndef SIM_CONTROL_JSON_H
#define SIM_CONTROL_JSON_H

#include "hub.h"

/* cJSON's own type, so that its header stays in the files that need it. */
struct cJSON;

/* What a command of /_sim works with: reply is the JSON of the answer, error the reason why there
 * is none. */
struct control {
    struct hub *hub;
    const char *target;            /* of the request; a GET's arguments are its query */
    const struct cJSON *arguments; /* an object; NULL for a GET */
    struct buf *reply;
    char error[160];
};

/* A member that an object may have, and how its value is put into the struct that it is for. */
struct control_member {
    const char *name;
    bool (*set)(struct control *control, const struct cJSON *value, void *field);
    size_t offset; /* of the field in the struct */
};

/* Reads object, which may have these members (the last has no name) and no others, into target.
 * False with the error
 * noted: target is then half filled. */
bool control_read(struct control *control, const struct cJSON *object,
                  const struct control_member *members, void *target);
/* Setters: a copied text (char *), a bool, a number from 0 on (int64_t). */
bool control_set_text(struct control *control, const struct cJSON *value, void *field);
bool control_set_bool(struct control *control, const struct cJSON *value, void *field);
bool control_set_number(struct control *control, const struct cJSON *value, void *field);

/* Notes the error; returns false for the caller to return. */
bool control_fail(struct control *control, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reads a whole number in a range; false, with the error noted, if value is none. */
bool control_number(struct control *control, const struct cJSON *value, int64_t min, int64_t max,
                    int64_t *number);
/* The text of a JSON string; NULL, with the error noted, if value is none. */
const char *control_text(struct control *control, const struct cJSON *value);
/* Appends [[name,value],…] as header lines; a value may be {"base64":"…"}. */
bool control_header_lines(struct control *control, const struct cJSON *pairs, struct buf *lines);

/* The commands. False with the error noted. */
bool control_enqueue(struct control *control);
bool control_devices(struct control *control);
bool control_add_fault(struct control *control);

#endif
