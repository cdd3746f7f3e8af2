/* What a program knows of keys and tokens is wiped when it is done with. */
#ifndef SECRET_H
#define SECRET_H

/* Wipes text up to its NUL and frees it. NULL is fine. */
void secret_free(char *text);

#endif
