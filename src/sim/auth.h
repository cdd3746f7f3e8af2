/* Decides whether a client may make a request. */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

struct call;

enum auth {
    AUTH_GOOD,      /* allowed; the device exists, if the request names one */
    AUTH_NO_TOKEN,  /* neither a readable token nor a device's certificate */
    AUTH_REFUSED,   /* wrong signature, scope, permission or certificate, or expired */
    AUTH_NO_DEVICE, /* unknown, or disabled and the request is its own */
};

enum auth auth_check(const struct call *call);

#endif
