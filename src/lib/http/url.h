/* Percent-encoding as the hub expects it: all but A-Z a-z 0-9 - _ . ~ escaped, upper-case hex. */
#ifndef URL_H
#define URL_H

#include "base/buf.h"

void url_append_escaped(struct buf *buf, const char *text);
/* Decodes size bytes into out (room for size + 1); false on a broken escape or an escaped NUL. */
bool url_unescape(const char *text, size_t size, char *out);
/* The value of a hex digit in either case; -1 if it is none. */
int url_hex_value(char c);

#endif
