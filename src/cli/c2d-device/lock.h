/* One instance per device and user: two would take each other's locks. */
#ifndef LOCK_H
#define LOCK_H

#include "../common/app.h"

/* Takes the lock of app's device for as long as this process lives: from cron, a login shell and
 * systemd it is the same one. Reports STATUS_LOCKED where another instance of this user has it, and
 * STATUS_CANT_CREATE where no lock can be had or another user's process holds its name. */
enum c2d_status lock_take(const struct app *app);
/* Takes the connections of those who have asked who holds the lock. Call it now and then: they wait
 * in a queue of some thousands, and whoever finds it full cannot tell who holds the lock. */
void lock_answer(void);

#endif
