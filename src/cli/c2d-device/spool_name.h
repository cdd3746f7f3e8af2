/* Names of kept messages: they sort in the order of the queue, and nothing that a sender wrote is
 * in them. */
#ifndef SPOOL_NAME_H
#define SPOOL_NAME_H

#include "c2d.h"

enum { SPOOL_NAME_SIZE = 96 };

/* "<owner>-<sequence number, 20 digits>-<enqueued time in ms since 1970 UTC>.json"; false when the
 * hub gave no number: then other messages may have the same name. */
bool spool_name(char name[SPOOL_NAME_SIZE], const char *owner, const struct c2d_message *message);
/* The name itself for 1, with "_2" before its ".json" for 2, and so on. */
void spool_name_numbered(char out[SPOOL_NAME_SIZE], const char *name, unsigned number);

struct spool_names {
    char **items;
    size_t count;
};

/* The names in a folder that begin with owner and end with suffix, sorted. False with errno set. */
bool spool_names_read(struct spool_names *names, int folder, const char *owner, const char *suffix);
void spool_names_clear(struct spool_names *names);

#endif
