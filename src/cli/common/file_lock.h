/* A kernel lock on an open file. It is released with the last descriptor, also after a crash. */
#ifndef FILE_LOCK_H
#define FILE_LOCK_H

#include <stdbool.h>

/* Returns false with errno set. Never waits. */
bool file_lock(int fd);
/* True if errno, after a failed file_lock(), says that another process has the lock. */
bool file_lock_is_taken(void);

#endif
