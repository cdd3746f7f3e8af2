/* File names of stored messages. They sort in the order of the queue, and contain no text of the
 * sender. */
#ifndef SPOOL_NAME_H
#define SPOOL_NAME_H

#include "c2d.h"

enum { SPOOL_NAME_SIZE = 96 };

/* Makes the name "<owner>-<sequence number, 20 digits>-<enqueued time in ms since 1970 UTC>.json".
 * Returns false if the hub sent no sequence number: the name may not be unique then. */
bool spool_name(char name[SPOOL_NAME_SIZE], const char *owner, const struct c2d_message *message);
/* Returns name for number 1, and name with "_2" before ".json" for 2, and so on. */
void spool_name_numbered(char out[SPOOL_NAME_SIZE], const char *name, unsigned number);

struct spool_names {
    char **items;
    size_t count, capacity;
};

/* Reads the names in a folder that begin with owner and end with suffix, sorted. Returns false with
 * errno set. */
bool spool_names_read(struct spool_names *names, int folder, const char *owner, const char *suffix);
void spool_names_clear(struct spool_names *names);

#endif
