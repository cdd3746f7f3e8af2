/* A kernel lock on an open file: it goes with its last descriptor, however the process ends. */
#ifndef FILE_LOCK_H
#define FILE_LOCK_H

#include <stdbool.h>

/* False with errno set; never waits. */
bool file_lock(int fd);
/* Is errno, after a lock that failed, that of a lock which another one has? */
bool file_lock_is_taken(void);

#endif
