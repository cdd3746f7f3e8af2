/* Percent-encoding as the hub expects it: escapes all but A-Z a-z 0-9 - _ . ~ in upper-case hex. */
#ifndef URL_H
#define URL_H

#include "base/buf.h"

void url_append_escaped(struct buf *buf, const char *text);
/* Decodes size bytes into out (room for size + 1). Returns false on a broken escape, or %00. */
bool url_unescape(const char *text, size_t size, char *out);
/* Returns the value of a hex digit in either case, or -1. */
int url_hex_value(char c);

#endif
