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
void json_append_bool(struct buf *buf, const char *key, bool value);
/* A member whose value is JSON already, and free of control bytes; none at all when it is NULL. */
void json_append_member(struct buf *buf, const char *key, const char *json);

/* An object that begins with "v":1, in a buf that need not be zeroed. */
void json_begin(struct buf *buf);
/* Ends it. The text is the caller's to free(); NULL when memory was gone. */
char *json_end(struct buf *buf);
/* size bytes as a JSON string, the caller's to free(); NULL when out of memory. */
char *json_quoted(const void *text, size_t size);

#endif
