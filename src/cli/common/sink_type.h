/* The types that sink.h and the files for each kind share. */
#ifndef SINK_TYPE_H
#define SINK_TYPE_H

#include <stdbool.h>

struct app;

/* Use of the lock on a file opened with -o. */
enum sink_use {
    SINK_SHARED,   /* locked for each record: others write to the file, too */
    SINK_COLLECTS, /* one collector per file, while it is open */
    SINK_WAITS,    /* reads the records of a collector; reads the queue if there is no collector */
    SINK_UNLOCKED, /* no lock: --no-lock */
};

/* The kind of a descriptor: it decides what is certain after a write. */
enum sink_kind {
    SINK_DEVICE, /* a terminal, /dev/null ...: the record is written */
    SINK_FILE,   /* the record is on the disk */
    SINK_PIPE,   /* the reader has read it */
    SINK_SOCKET, /* a Unix socket: the reader has read it; TCP: the peer's host has it */
};

/* fd is -1 before sink_open(); the caller sets the members above it. */
struct sink {
    const struct app *app;
    const char *path;  /* of a file opened with -o; NULL: stdout */
    bool heals;        /* records are JSON lines: cut off a torn last line before the first one */
    enum sink_use use; /* of a regular file at path */
    int fd;
    enum sink_kind kind;
};

#endif
