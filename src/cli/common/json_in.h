/* Reads a line of JSON. No other file of the programs uses cJSON. */
#ifndef JSON_IN_H
#define JSON_IN_H

struct cJSON;

/* Parses a line, for json_in_free(). Returns NULL if it is not JSON or memory is exhausted. Only in
 * the last case errno is ENOMEM. */
struct cJSON *json_in_parse(const char *line);
/* Returns the text under key, which is freed with object; NULL if there is no such text. */
const char *json_in_member(const struct cJSON *object, const char *key);
/* NULL is fine. */
void json_in_free(struct cJSON *object);

/* Returns the text under key of the object in line, or if key is NULL, the text that line is; the
 * caller frees it. Returns NULL if there is no such text or memory is exhausted. Only in the last
 * case errno is ENOMEM. */
char *json_in_text(const char *line, const char *key);

#endif
