/* What a sink is, for those who open it and for those who write to each of its kinds. */
#ifndef SINK_TYPE_H
#define SINK_TYPE_H

#include <stdbool.h>

/* What the lock on a file that is opened with -o is for. */
enum sink_use {
    SINK_SHARED,   /* taken for each record: others write there, too */
    SINK_COLLECTS, /* one collector a file, for as long as it is open */
    SINK_WAITS,    /* reads what a collector writes, and does its work while there is none */
    SINK_UNLOCKED, /* none is taken: --no-lock */
};

/* What a descriptor is decides how much can be known of what became of a record. */
enum sink_kind {
    SINK_DEVICE, /* a terminal, /dev/null ...: the record is written, no more can be known */
    SINK_FILE,   /* the record is on the disk */
    SINK_PIPE,   /* the reader has read it */
    SINK_SOCKET, /* a Unix socket: the reader has read it; TCP: the peer's host has it */
};

struct sink {
    const char *name; /* for errors */
    int fd;
    enum sink_kind kind;
    bool is_ours; /* opened with -o */
    bool heals;   /* a torn last line of ours is cut off before the first record */
    enum sink_use use;
};

#endif
