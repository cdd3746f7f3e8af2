/* routes: which operation a request asks for. */
#ifndef SIM_ROUTES_H
#define SIM_ROUTES_H

struct call;
struct hub;

/* Answers call->request in call->response. */
void route_call(struct hub *hub, struct call *call);

#endif
