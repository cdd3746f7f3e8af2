/* Reads a line of JSON. No other file of the programs uses cJSON. */
#ifndef JSON_IN_H
#define JSON_IN_H

/* Returns the text under key of the object in line; the caller frees it. Returns NULL if line is
 * not an object, has no such text, or memory is exhausted. Only in the last case errno is
 * ENOMEM. */
char *json_in_text(const char *line, const char *key);

#endif
