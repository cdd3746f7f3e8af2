/* Reading a line of JSON. The programs' only user of cJSON. */
#ifndef JSON_IN_H
#define JSON_IN_H

/* The text under key of the object in line, the caller's; NULL when line is no object, or has no
 * such text; and with errno ENOMEM, which it has in no other case, when memory is gone. */
char *json_in_text(const char *line, const char *key);

#endif
