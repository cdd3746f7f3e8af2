/* auth: who may do what. */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

struct call;

enum auth {
    AUTH_GOOD,      /* and the device of the request exists, where it names one */
    AUTH_NO_TOKEN,  /* there is neither a token that can be read nor a certificate */
    AUTH_REFUSED,   /* wrong signature, scope, right or certificate, or expired */
    AUTH_NO_DEVICE, /* unknown; a device that is disabled is unknown to its own calls */
};

enum auth auth_check(const struct call *call);

#endif
