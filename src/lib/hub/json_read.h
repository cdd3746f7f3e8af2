/* JSON from elsewhere as a tree of values. The library's only user of cJSON, whose nodes others
 * pass around and ask about here. Every function takes NULL for a value that is not there. */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "c2d.h"

struct cJSON;

/* *root is the whole of text as one JSON value, or NULL: C2D_PROTOCOL when it is none, C2D_OS when
 * memory is gone, which cJSON alone would not tell apart. */
enum c2d_status json_parse(const char *text, size_t size, struct cJSON **root,
                           struct c2d_error *error);
void json_free(struct cJSON *root);
/* json_free() for a tree with secrets in it: cJSON frees without wiping. */
void json_wipe_free(struct cJSON *root);

bool json_is_object(const struct cJSON *value);
bool json_is_array(const struct cJSON *value);
bool json_is_null(const struct cJSON *value);
/* The member of an object, its name compared without case; NULL when there is none. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);
/* The values in an array or object, in their order, and a member's name. */
const struct cJSON *json_first(const struct cJSON *value);
const struct cJSON *json_next(const struct cJSON *value);
const char *json_name(const struct cJSON *value);

/* NULL when value is no string. */
const char *json_as_text(const struct cJSON *value);
/* The string under name; NULL when there is none. */
const char *json_text_member(const struct cJSON *object, const char *name);
/* False when value is no number from 0 to max. */
bool json_as_number(const struct cJSON *value, double max, double *number);

/* The value as JSON without white space, its numbers digit by digit as they were read. To be freed
 * with free(); NULL without memory. */
char *json_print(const struct cJSON *value);
/* Puts text in the place of all members of that name, if there are any. False without memory. */
bool json_mask_member(struct cJSON *object, const char *name, const char *text);

#endif
