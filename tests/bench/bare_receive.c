/* The minimum of receiving: the two requests of a message with libcurl alone, without checks; once,
 * or COUNT times over one connection. From an empty queue: one request.
 * usage: bare_receive URL-OF-DEVICE CA-FILE TOKEN [COUNT] */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    char lock_token[128];
    char body[65536];
    size_t size;
};

static size_t on_header(char *line, size_t one, size_t size, void *context)
{
    struct answer *answer = context;

    if (strncasecmp(line, "ETag: \"", 7) == 0)
        snprintf(answer->lock_token, sizeof answer->lock_token, "%.*s",
                 (int)strcspn(line + 7, "\""), line + 7);
    return one * size;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct answer *answer = context;

    if (one * size > sizeof answer->body - answer->size)
        return 0;
    memcpy(answer->body + answer->size, data, one * size);
    answer->size += one * size;
    return one * size;
}

static CURLcode receive_one(CURL *easy, const char *device, struct answer *answer)
{
    char url[512];
    CURLcode code;

    answer->size = 0;
    answer->lock_token[0] = '\0';
    snprintf(url, sizeof url, "%s/messages/deviceBound?api-version=2021-04-12", device);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    code = curl_easy_perform(easy);
    fwrite(answer->body, 1, answer->size, stdout);
    if (code != CURLE_OK || answer->lock_token[0] == '\0')
        return code;
    snprintf(url, sizeof url, "%s/messages/deviceBound/%s?api-version=2021-04-12", device,
             answer->lock_token);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    return curl_easy_perform(easy);
}

int main(int argc, char **argv)
{
    static struct answer answer;
    struct curl_slist *headers = NULL;
    char authorization[512];
    CURL *easy;
    CURLcode code = CURLE_OK;

    if (argc < 4)
        return 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    easy = curl_easy_init();
    snprintf(authorization, sizeof authorization, "Authorization: %s", argv[3]);
    headers = curl_slist_append(headers, authorization);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    for (long left = argc > 4 ? atol(argv[4]) : 1; left > 0 && code == CURLE_OK; left--)
        code = receive_one(easy, argv[1], &answer);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return (int)code;
}
