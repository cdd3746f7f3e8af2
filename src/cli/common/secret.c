#define _DEFAULT_SOURCE /* explicit_bzero */
#include "secret.h"

#include <stdlib.h>
#include <string.h>

void secret_free(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}
