/* Creates the client of the library from the common options, and prints its events. */
#ifndef SESSION_H
#define SESSION_H

#include "app.h"

/* Creates app->client and reports failures. Call it after all other checks, so that -n and real
 * runs fail alike. */
enum c2d_status session_open(struct app *app);
/* Frees the client and closes the trace. Reports STATUS_IO if the trace is incomplete. app->client
 * may be NULL. */
enum c2d_status session_close(struct app *app);

#endif
