/* Operations that a test submits to clients over a scripted hub, and their results as one text. */
#ifndef SUBMITTING_H
#define SUBMITTING_H

#include "script.h"

/* A body of one byte and the id "m". */
extern const struct c2d_message short_message;

/* Options for count operations in flight, with one retry. The caller may change them; they are
 * valid until the next call. */
struct c2d_options *parallel(int count);
/* The same with a time-out of 2 s, and failures of the hub pause all operations for 5 min at
 * most. */
struct c2d_options *pausing(int count, int retries);

/* Submits a send of short_message; the device id is its tag. */
enum c2d_status submit_send(struct c2d_client *client, const char *device_id);
/* The same. Fails the test if the send is not accepted. */
void send_to(struct c2d_client *client, const char *device_id);
/* The same for a settlement of lock_token, or a receive if it is NULL. */
void submit(struct c2d_client *client, const char *lock_token, const char *tag);

/* Waits for all operations. Returns their results in the order of arrival: "TAG", or "TAG:STATUS"
 * of a failure, with "!" where all operations failed together and "?" where an attempt is in doubt.
 * The text is valid until the next call. */
const char *results(struct c2d_client *client);

/* True if this request of the script was for this device. */
bool asked_for(const struct script *script, size_t request, const char *device_id);

/* Makes a client that shares the connections of first. Fails the test on an error. */
struct c2d_client *sharing_client(struct c2d_client *first, const char *connection_string);
/* Makes clients of the devices d0, d1, ... clients[0] uses script, the others share with it. */
void make_clients(struct script *script, struct c2d_client *clients[], size_t count);

#endif
