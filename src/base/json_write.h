/* Writes JSON: one object on one line, members in the order they are added. Escapes what may harm a
 * terminal that shows the line: DEL, U+0080-009F, and controls of the direction of writing. */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "buf.h"

/* Appends size bytes as a JSON string; bytes that are not UTF-8 become U+FFFD. */
void json_append_quoted(struct buf *buf, const void *text, size_t size);
/* Appends text that is JSON already, with those characters in its strings escaped. */
void json_append_json(struct buf *buf, const char *json);
/* Append "key": with a comma before it unless buf ends in "{". A key is a literal that needs no
 * escapes; a name may hold anything. */
void json_append_key(struct buf *buf, const char *key);
void json_append_name(struct buf *buf, const char *name);
/* Appends a member with a text value; nothing if value is NULL. */
void json_append_text(struct buf *buf, const char *key, const char *value);
void json_append_number(struct buf *buf, const char *key, long long value);

#endif
