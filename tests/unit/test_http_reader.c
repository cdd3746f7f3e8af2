#include "http/http_reader.h"

#include "../support/alloc.h"
#include "../support/table.h"
#include "hub/limits.h"

#include <criterion/criterion.h>
#include <string.h>

/* Passes lines until one is refused; true if all were accepted. */
static bool feed(struct http_reader *reader, const char *const *lines)
{
    for (size_t i = 0; lines[i] != NULL; i++)
        if (!http_reader_line(reader, lines[i], strlen(lines[i])))
            return false;
    return true;
}

static const struct {
    const char *what;
    int status;
    bool whole;
    const char *lines[8];
} heads[] = {
    { "a length", 200, true, { "HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n", "\r\n" } },
    { "chunked", 200, true, { "HTTP/1.1 200 OK\r\n", "transfer-encoding: Chunked\r\n", "\r\n" } },
    { "bare line feeds", 200, true, { "HTTP/1.1 200 OK\n", "Content-Length: 3\n", "\n" } },
    { "no content", 204, true, { "HTTP/1.1 204 No Content\r\n", "\r\n" } },
    { "not modified", 304, true, { "HTTP/1.1 304 Not Modified\r\n", "\r\n" } },
    { "one length twice",
      200,
      true,
      { "HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n", "content-length: 3\r\n", "\r\n" } },
    { "cut before the empty line", 200, false, { "HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n" } },
    { "cut, without a body", 204, false, { "HTTP/1.1 204 No Content\r\n", "a: b\r\n" } },
    { "unframed body", 200, false, { "HTTP/1.1 200 OK\r\n", "ETag: \"x\"\r\n", "\r\n" } },
    { "unframed refusal", 500, true, { "HTTP/1.1 500 No\r\n", "\r\n" } },
    { "refusal of HTTP/1.0", 403, true, { "HTTP/1.0 403\r\n", "Server: filter\r\n", "\r\n" } },
    { "refusal with two lengths",
      401,
      true,
      { "HTTP/1.1 401 No\r\n", "Content-Length: 3\r\n", "Content-Length: 4\r\n", "\r\n" } },
    { "refusal cut before its empty line", 403, false, { "HTTP/1.1 403 No\r\n", "a: b\r\n" } },
    { "interim head alone",
      100,
      false,
      { "HTTP/1.1 100 Continue\r\n", "Content-Length: 0\r\n", "\r\n" } },
    { "status that is no number", 0, false, { "HTTP/1.1 x\r\n", "Content-Length: 0\r\n", "\r\n" } },
    { "HTTP/2 in a head of 1.1", 200, true, { "HTTP/2 200\r\n", "Content-Length: 0\r\n", "\r\n" } },
    { "framing of an interim head only",
      200,
      false,
      { "HTTP/1.1 100 Continue\r\n", "Content-Length: 0\r\n", "\r\n", "HTTP/1.1 200 OK\r\n",
        "\r\n" } },
    { "final head cut after an interim one",
      200,
      false,
      { "HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 0\r\n" } },
    { "nothing at all", 200, false, { NULL } },
};

Test(http_reader, success_counts_if_complete_and_a_refusal_by_its_headers)
{
    for (size_t i = 0; i < COUNT(heads); i++) {
        struct http_reader reader;

        http_reader_init(&reader);
        cr_expect(feed(&reader, heads[i].lines), "%s: %s", heads[i].what, reader.broken.text);
        cr_expect_eq(http_reader_counts(&reader, true), heads[i].whole, "%s", heads[i].what);
        cr_expect_eq(http_reader_counts(&reader, false), heads[i].whole && heads[i].status >= 300,
                     "%s, cut", heads[i].what);
        cr_expect(heads[i].status == reader.response.status || reader.response.status == 0
                      || !heads[i].whole,
                  "%s: %d", heads[i].what, reader.response.status);
        http_reader_clear(&reader);
    }
}

static const struct {
    const char *what;
    const char *lines[6];
} refused[] = {
    { "two lengths", { "HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n", "Content-Length: 4\r\n" } },
    { "a folded ETag", { "HTTP/1.1 200 OK\r\n", "ETag: \"b\r\n", " folded\"\r\n" } },
    { "a folded length", { "HTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n", "\t4\r\n" } },
    { "a carriage return inside", { "HTTP/1.1 200 OK\r\n", "ETag: b\rc: d\r\n" } },
    { "a blank before the colon", { "HTTP/1.1 200 OK\r\n", "Content-Length : 3\r\n" } },
};

Test(http_reader, ambiguous_header_line_is_refused)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct http_reader reader;

        http_reader_init(&reader);
        cr_expect_not(feed(&reader, refused[i].lines), "%s", refused[i].what);
        cr_expect_eq(reader.broken.status, C2D_PROTOCOL, "%s", refused[i].what);
        cr_expect(reader.broken.text[0] != '\0', "%s", refused[i].what);
        http_reader_clear(&reader);
    }
}

Test(http_reader, only_the_final_response_headers_count)
{
    static const char *const lines[] = {
        "HTTP/1.1 103 Early Hints\r\n",
        "ETag: \"early\"\r\n",
        "iothub-app-a: 1\r\n",
        "\r\n",
        "HTTP/1.1 200 OK\r\n",
        "Content-Length: 1\r\n",
        "\r\n",
        NULL,
    };
    struct http_reader reader;

    http_reader_init(&reader);
    cr_assert(feed(&reader, lines));
    cr_assert_eq(reader.response.headers.count, 1);
    cr_assert_null(http_headers_get(&reader.response.headers, "ETag"));
    http_reader_clear(&reader);
}

Test(http_reader, trailers_are_ignored)
{
    static const char *const lines[] = {
        "HTTP/1.1 200 OK\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\r\n",
        "ETag: \"late\"\r\n",
        "Content-Length: 9\r\n",
        "\r\n",
        NULL,
    };
    struct http_reader reader;

    http_reader_init(&reader);
    cr_assert(feed(&reader, lines));
    cr_assert_eq(reader.response.headers.count, 1);
    cr_assert_null(http_headers_get(&reader.response.headers, "ETag"));
    cr_assert(http_reader_counts(&reader, true));
    http_reader_clear(&reader);
}

Test(http_reader, invalid_header_that_is_not_needed_is_ignored)
{
    static const char *const lines[] = { "HTTP/1.1 200 OK\r\n",
                                         "Set-Cookie: a=\x01\r\n",
                                         " folded\x02\r\n",
                                         "nonsense\r\n",
                                         "Content-Length: 0\r\n",
                                         "\r\n",
                                         NULL };
    struct http_reader reader;

    http_reader_init(&reader);
    cr_assert(feed(&reader, lines), "%s", reader.broken.text);
    cr_assert(http_reader_counts(&reader, true));
    http_reader_clear(&reader);
}

Test(http_reader, refusal_counts_with_a_body_over_the_limit)
{
    static char piece[HTTP_BODY_SIZE_MAX];
    static const char *const head[] = { "HTTP/1.1 403 No\r\n", "\r\n", NULL };
    struct http_reader reader;

    http_reader_init(&reader);
    cr_assert(feed(&reader, head));
    cr_assert(http_reader_body(&reader, piece, sizeof piece));
    cr_assert_not(http_reader_body(&reader, "x", 1), "no more of the body must be accepted");
    cr_assert(http_reader_counts(&reader, false));
    cr_assert_eq(reader.response.body.size, HTTP_BODY_SIZE_MAX);
    http_reader_clear(&reader);
}

Test(http_reader, nul_in_a_header_of_the_hub_is_refused)
{
    struct http_reader reader;

    http_reader_init(&reader);
    cr_assert_not(http_reader_line(&reader, "iothub-to: b\0c\r\n", 16));
    cr_assert_eq(reader.broken.status, C2D_PROTOCOL);
    http_reader_clear(&reader);
}

Test(http_reader, header_block_is_limited_to_128_kib)
{
    static char line[HTTP_HEAD_SIZE_MAX / 4];
    struct http_reader reader;

    memset(line, 'v', sizeof line);
    line[0] = 'n';
    line[1] = ':';
    line[sizeof line - 2] = '\r';
    line[sizeof line - 1] = '\n';
    http_reader_init(&reader);
    for (int i = 0; i < 4; i++)
        cr_assert(http_reader_line(&reader, line, sizeof line), "line %d", i);
    cr_assert_not(http_reader_line(&reader, "\r\n", 2));
    cr_assert_eq(reader.broken.status, C2D_PROTOCOL);
    http_reader_clear(&reader);
}

Test(http_reader, interim_responses_without_end_reach_the_limit)
{
    static const char *const interim[] = { "HTTP/1.1 100 Continue\r\n", "\r\n", NULL };
    struct http_reader reader;
    size_t heads_taken = 0;

    http_reader_init(&reader);
    while (heads_taken <= HTTP_HEAD_SIZE_MAX && feed(&reader, interim))
        heads_taken++;
    cr_assert_eq(heads_taken, HTTP_HEAD_SIZE_MAX / 25);
    http_reader_clear(&reader);
}

Test(http_reader, header_1001_is_refused)
{
    struct http_reader reader;

    http_reader_init(&reader);
    for (int i = 0; i < 1000; i++)
        cr_assert(http_reader_line(&reader, "a: b\r\n", 6), "header %d", i);
    cr_assert_not(http_reader_line(&reader, "a: b\r\n", 6));
    cr_assert_eq(reader.broken.status, C2D_PROTOCOL);
    http_reader_clear(&reader);
}

Test(http_reader, body_is_limited_to_1_mib)
{
    static char piece[64 * 1024];
    struct http_reader reader;

    http_reader_init(&reader);
    for (int i = 0; i < 16; i++)
        cr_assert(http_reader_body(&reader, piece, sizeof piece));
    cr_assert_eq(reader.response.body.size, HTTP_BODY_SIZE_MAX);
    cr_assert_not(http_reader_body(&reader, "x", 1));
    cr_assert_eq(reader.broken.status, C2D_PROTOCOL);
    http_reader_clear(&reader);
}

Test(http_reader, failed_allocation_is_no_protocol_error)
{
    struct http_reader reader;

    http_reader_init(&reader);
    alloc_fail_at(1, false);
    cr_assert_not(http_reader_body(&reader, "abc", 3));
    alloc_stop();
    cr_assert_eq(reader.broken.status, C2D_OS);
    http_reader_clear(&reader);
    alloc_fail_at(1, false);
    cr_assert_not(http_reader_line(&reader, "a: b\r\n", 6));
    alloc_stop();
    cr_assert_eq(reader.broken.status, C2D_OS);
    http_reader_clear(&reader);
}

Test(http_reader, nothing_of_a_broken_response_survives_clearing)
{
    static const char *const first[] = { "HTTP/1.1 200 OK\r\n", "Content-Length: 9\r\n",
                                         "iothub-app-a: old\r\n", "\r\n", NULL };
    static const char *const second[] = { "HTTP/1.1 200 OK\r\n", NULL };
    struct http_reader reader;

    http_reader_init(&reader);
    cr_assert(feed(&reader, first));
    cr_assert(http_reader_body(&reader, "half", 4));
    http_reader_clear(&reader);
    cr_assert(feed(&reader, second));
    cr_assert_eq(reader.response.headers.count, 0);
    cr_assert_eq(reader.response.body.size, 0);
    cr_assert_not(http_reader_counts(&reader, true));
    http_reader_clear(&reader);
}

static const struct {
    const char *head[5];
    const char *body;
    bool is_whole;
} whole[] = {
    { { "HTTP/1.1 204 No Content\r\n", "\r\n" }, "", true },
    { { "HTTP/1.1 204 No Content\r\n" }, "", false },
    { { "HTTP/1.1 200 OK\r\n", "Content-Length: 4\r\n", "\r\n" }, "body", true },
    { { "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "\r\n" }, "body", false },
    { { "HTTP/1.1 200 OK\r\n", "\r\n" }, "body", false },
    { { "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "\r\n" }, "body", false },
};

Test(http_reader, a_response_can_be_whole_before_its_transfer_has_ended)
{
    for (size_t i = 0; i < COUNT(whole); i++) {
        struct http_reader reader;

        http_reader_init(&reader);
        cr_assert(feed(&reader, whole[i].head));
        cr_assert(http_reader_body(&reader, whole[i].body, strlen(whole[i].body)));
        cr_expect_eq(http_reader_is_whole(&reader), whole[i].is_whole, "row %zu", i);
        http_reader_clear(&reader);
    }
}
