/* What a probe keeps of its tries. */
#ifndef PROBE_H
#define PROBE_H

#include "http.h"

/* Notes whom a try has reached, and what time it is there; now_s is our clock. NULL is fine. */
void probe_note(struct c2d_probe *probe, const struct http_done *done, int64_t now_s);

#endif
