/* Finds the operation that a request asks for, and performs it. */
#ifndef SIM_ROUTES_H
#define SIM_ROUTES_H

struct call;
struct hub;

/* Handles call->request and fills in call->response. */
void route_call(struct hub *hub, struct call *call);

#endif
