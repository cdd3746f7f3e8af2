#ifndef SIM_JSON_H
#define SIM_JSON_H

#include "buf.h"

/* Appends text as a JSON string. NULL is an empty one. Text that is no UTF-8 is taken for
 * Latin-1: each byte becomes one character. */
void json_string(struct buf *out, const char *text);
/* Appends ,"name":"text" */
void json_member(struct buf *out, const char *name, const char *text);
/* Appends data as a JSON string of base64. */
void json_base64(struct buf *out, const void *data, size_t size);

#endif
