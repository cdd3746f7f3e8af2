/* A program that uses libcurl itself, before, between and after clients of the library: neither
 * takes libcurl away from the other.
 * usage: two-users URL; what is there is asked for with libcurl */
#include "39-embed.h"

#include <curl/curl.h>

static size_t ignore(char *data, size_t one, size_t size, void *context)
{
    (void)data, (void)context;
    return one * size;
}

static CURL *open_own(const char *url)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL)
        embed_fail("curl_easy_init", NULL);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, embed_env("SSL_CERT_FILE"));
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    return easy;
}

static void ask(CURL *easy)
{
    CURLcode code = curl_easy_perform(easy);
    long answer = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    if (code != CURLE_OK || answer != 200)
        embed_fail(curl_easy_strerror(code), NULL);
}

int main(int argc, char **argv)
{
    struct c2d_client *service, *device;
    CURL *first, *second;

    if (argc != 2 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return C2D_USAGE;
    first = open_own(argv[1]);
    ask(first);
    for (int i = 0; i < 3; i++) { /* a client comes and goes while a handle lives */
        service = embed_service(1, NULL);
        device = embed_device(0, 1, NULL);
        embed_round_trip(service, device, 0);
        ask(first);
        c2d_client_free(device);
        ask(first);
        c2d_client_free(service);
        ask(first);
    }
    service = embed_service(1, NULL);
    device = embed_device(0, 1, NULL);
    embed_round_trip(service, device, 0);
    second = open_own(argv[1]);
    ask(second);
    curl_easy_cleanup(first);
    curl_easy_cleanup(second);
    curl_global_cleanup(); /* the program has done with libcurl, the library has not */
    embed_round_trip(service, device, 0);
    c2d_client_free(service);
    embed_round_trip(service = embed_service(1, NULL), device, 0);
    c2d_client_free(service);
    c2d_client_free(device);
    /* And the other way round: libcurl anew, after the last client. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return C2D_OS;
    ask(first = open_own(argv[1]));
    curl_easy_cleanup(first);
    curl_global_cleanup();
    return 0;
}
