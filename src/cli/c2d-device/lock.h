/* Allows one instance per device and user. Two instances would take messages from each other. */
#ifndef LOCK_H
#define LOCK_H

#include "../common/exit_status.h"

/* Takes the lock of the device until this process ends. cron, login shells and systemd services
 * share it. Returns STATUS_LOCKED if another instance of this user has it. Returns
 * STATUS_CANT_CREATE if no lock is available or another user's process has it. */
enum c2d_status lock_take(const struct c2d_client *client, struct c2d_error *error);
/* Accepts the connections of instances that query the owner of the lock. Call it regularly: if the
 * backlog of the socket is full, they cannot identify the owner. */
void lock_accept(void);

#endif
