/* The versions of the libraries that this one runs with. */
#include "base/crypto.h"
#include "c2d.h"
#include "http/http_curl.h"
#include "hub/json_read.h"

#include <stdio.h>

void c2d_library_versions(char text[96])
{
    const char *openssl = crypto_version();
    size_t size = strcspn(openssl, " ");
    char curl[64];

    http_curl_version(curl);
    /* Without the date, which follows the second blank. */
    if (openssl[size] == ' ')
        size += 1 + strcspn(openssl + size + 1, " ");
    snprintf(text, 96, "%s, %.*s, cJSON %s", curl, (int)(size < 64 ? size : 64), openssl,
             json_version());
}
