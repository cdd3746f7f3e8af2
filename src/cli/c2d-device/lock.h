/* One instance per device and user: two would take each other's locks. */
#ifndef LOCK_H
#define LOCK_H

#include "../common/app.h"

/* Takes the lock of app's device for as long as this process lives: from cron, a login shell and
 * systemd it is the same one. C2D_LOCKED where another instance has it, C2D_CANT_CREATE where there
 * is no place for it; both reported. */
enum c2d_status lock_take(const struct app *app);

#endif
