/* The library's client as the common options ask for it, and what it tells while it works. */
#ifndef SESSION_H
#define SESSION_H

#include "app.h"

/* Makes app->client; reports why it cannot. Call it when all other checks have passed, so that -n
 * and real runs fail alike. */
enum c2d_status session_open(struct app *app);
/* Also closes the trace; STATUS_IO, reported, if that was not fully written. No client is fine. */
enum c2d_status session_close(struct app *app);

#endif
