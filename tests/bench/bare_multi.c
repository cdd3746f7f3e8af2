/* The minimum of many parallel requests: libcurl's multi interface sends the same request COUNT
 * times over kept connections (default 16). Checks only the status.
 * usage: bare_multi GET|POST URL CA-FILE TOKEN COUNT [CONNECTIONS] */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MAX = 64 };

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    (void)data, (void)context;
    return one * size;
}

static CURL *easy_new(const char *verb, const char *url, const char *ca_file,
                      struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL)
        exit(71);
    if (strcmp(verb, "POST") == 0)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "hello");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    return easy;
}

/* Sends the ended requests again, until unsent is 0. False if one has failed. */
static bool send_again(CURLM *multi, long *unsent, int *running)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        long status = 0;

        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_multi_remove_handle(multi, easy);
        if (code != CURLE_OK || status / 100 != 2) {
            fprintf(stderr, "bare_multi: HTTP %ld, %s\n", status, curl_easy_strerror(code));
            return false;
        }
        if (*unsent > 0) {
            curl_multi_add_handle(multi, easy);
            *unsent -= 1;
            *running += 1;
        }
    }
    return true;
}

static bool run(CURLM *multi, long unsent)
{
    int running = 0;

    do {
        if (curl_multi_perform(multi, &running) != CURLM_OK || !send_again(multi, &unsent, &running)
            || (running > 0 && curl_multi_poll(multi, NULL, 0, 10000, NULL) != CURLM_OK))
            return false;
    } while (running > 0);
    return true;
}

int main(int argc, char **argv)
{
    struct curl_slist *headers = NULL;
    char authorization[512];
    CURL *easy[CONNECTIONS_MAX];
    CURLM *multi;
    long count, connections;
    bool ok;

    if (argc < 6)
        return 64;
    count = atol(argv[5]);
    connections = argc > 6 ? atol(argv[6]) : 16;
    if (connections < 1 || connections > CONNECTIONS_MAX || connections > count)
        return 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
    snprintf(authorization, sizeof authorization, "Authorization: %s", argv[4]);
    headers = curl_slist_append(headers, authorization);
    if (strcmp(argv[1], "POST") == 0) {
        headers = curl_slist_append(headers, "Content-Type:");
        headers =
            curl_slist_append(headers, "iothub-messageid: 0e29f2a8-5a5c-4d1d-9d66-4f2b3bd1b1a7");
    }
    for (long i = 0; i < connections; i++) {
        easy[i] = easy_new(argv[1], argv[2], argv[3], headers);
        curl_multi_add_handle(multi, easy[i]);
    }
    ok = run(multi, count - connections);
    for (long i = 0; i < connections; i++) {
        curl_multi_remove_handle(multi, easy[i]);
        curl_easy_cleanup(easy[i]);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return ok ? 0 : 1;
}
