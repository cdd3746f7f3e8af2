/* An HTTP response as input of several targets. */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "http/http_reader.h"

/* Reads a response as libcurl delivers it: line by line, then the body in two pieces. Returns false
 * if the reader refuses it. The caller clears reader. */
bool response_read(struct http_reader *reader, const char *data, size_t size);

#endif
