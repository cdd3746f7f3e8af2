/* Reads untrusted JSON into a tree of values. Only this module uses cJSON; others access its nodes
 * through these functions, which accept NULL unless noted. */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "c2d.h"

struct cJSON;

/* Parses all of text as one JSON value. On failure *root is NULL: C2D_PROTOCOL if it is not valid,
 * C2D_OS if out of memory, which cJSON alone does not distinguish. */
enum c2d_status json_parse(const char *text, size_t size, struct cJSON **root,
                           struct c2d_error *error);
void json_free(struct cJSON *root);
/* Returns the version of cJSON in use. */
const char *json_version(void);
/* json_free() for a tree with secrets: also wipes the texts. */
void json_wipe_free(struct cJSON *root);

bool json_is_object(const struct cJSON *value);
bool json_is_array(const struct cJSON *value);
bool json_is_null(const struct cJSON *value);
/* Returns the member of an object, its name compared without case, or NULL. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);
/* Returns the number of values of an array or object, or 0. */
size_t json_count(const struct cJSON *value);
/* Iterate over the values of an array or object, and return a member's name. value is not NULL for
 * json_next() and json_name(). */
const struct cJSON *json_first(const struct cJSON *value);
const struct cJSON *json_next(const struct cJSON *value);
const char *json_name(const struct cJSON *value);

/* Returns NULL if value is not a string. */
const char *json_as_text(const struct cJSON *value);
/* Returns the string member of that name, or NULL. */
const char *json_text_member(const struct cJSON *object, const char *name);
/* Returns false if value is not a number from 0 to max. */
bool json_as_number(const struct cJSON *value, double max, double *number);

/* Returns value as JSON without white space, its numbers with all digits as they were read. The
 * caller frees it. NULL: out of memory. */
char *json_print(const struct cJSON *value);
/* Replaces all members of that name, if any, with one of value text. False: out of memory. */
bool json_mask_member(struct cJSON *object, const char *name, const char *text);

#endif
