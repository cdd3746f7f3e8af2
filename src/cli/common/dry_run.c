/* Prints a request as a curl command, which is ready for a shell except for the token. Every word
 * is in single quotes, in which only the closing quote is special. No file is opened and no body is
 * read. Settings from the environment are omitted if curl reads the same variable. */
#include "dry_run.h"

#include "base/error.h"
#include "base/text.h"
#include "output.h"
#include "quote.h"

#include <stdlib.h>
#include <string.h>

/* Prints before, and then first and second as one single-quoted word. */
static void put_word(FILE *out, const char *before, const char *first, const char *second)
{
    fprintf(out, "%s'", before);
    quote_put(first, "", out);
    quote_put(second, "", out);
    fputc('\'', out);
}

/* ---- The connection ---- */

/* Prints an option with its value; nothing if value is NULL. */
static void put_option(FILE *out, const char *option, const char *value)
{
    if (value == NULL)
        return;
    fprintf(out, " '%s'", option);
    put_word(out, " ", value, "");
}

/* Omits user and password of a URL from the environment. */
static void put_proxy(FILE *out, const struct c2d_options *options)
{
    const char *mark = strstr(options->proxy, "://");
    const char *rest = mark == NULL ? options->proxy : mark + 3;
    const char *at = strrchr(rest, '@');

    fputs(" '--proxy' '", out);
    quote_bytes(options->proxy, (size_t)(rest - options->proxy), "", out);
    quote_put(at == NULL ? rest : at + 1, "", out);
    fputc('\'', out);
    if (at != NULL || options->proxy_user != NULL)
        fputs(" '--proxy-anyauth' '--proxy-user' '<USER:PASSWORD>'", out);
    put_option(out, "--noproxy", options->no_proxy);
    /* Without these, curl verifies an HTTPS proxy with the system's trust store. */
    if (!text_begins_nocase(options->proxy, "https:"))
        return;
    put_option(out, "--proxy-cacert", options->ca_file);
    put_option(out, "--proxy-capath", options->ca_dir);
}

/* curl parses the text after a colon as the password of the key. */
static void put_certificate(FILE *out, const char *path)
{
    if (path == NULL)
        return;
    fputs(" '--cert' '", out);
    quote_put(path, ":\\", out);
    fputc('\'', out);
}

enum c2d_status dry_run_begin(struct app *app, const struct c2d_options *options,
                              struct c2d_error *error)
{
    size_t size = 0;
    FILE *out = open_memstream(&app->dry_run.connection, &size);

    if (out != NULL) {
        put_option(out, "--cacert", options->ca_file);
        put_option(out, "--capath", options->ca_dir);
        put_certificate(out, options->cert_file);
        put_option(out, "--key", options->key_file);
        if (options->proxy != NULL)
            put_proxy(out, options);
        else if (app->common.proxy != NULL) /* no proxy, even if the environment sets one */
            put_option(out, "--noproxy", "*");
        if (options->connect_to != NULL)
            put_word(out, " '--connect-to' ", "::", options->connect_to);
    }
    return out != NULL && fclose(out) == 0 ? C2D_OK : fail_memory(error);
}

/* ---- The request ---- */

static bool has_content_type(const struct c2d_event *event)
{
    for (size_t i = 0; i < event->header_count; i++)
        if (strncmp(event->headers[i], "Content-Type:", 13) == 0)
            return true;
    return false;
}

/* The token is replaced by a placeholder: the output may be passed on. */
static void put_header(FILE *out, const struct app *app, const char *line)
{
    size_t size = strcspn(line, ":");

    fputs(" '--header' ", out);
    if (strncmp(line, "Authorization:", 14) == 0)
        fprintf(out, "'Authorization: <output of %s sas>'", app->program->name);
    else if (strcmp(line + size, ": ") != 0)
        put_word(out, "", line, "");
    else { /* curl drops a header that ends with its colon */
        fputc('\'', out);
        quote_bytes(line, size, "", out);
        fputs(";'", out);
    }
}

static void put_request(FILE *out, const struct app *app, const struct c2d_event *event)
{
    fputs("'curl' '--http1.1' '--request'", out);
    put_word(out, " ", event->method, "");
    fputs(app->dry_run.connection, out);
    for (size_t i = 0; i < event->header_count; i++)
        put_header(out, app, event->headers[i]);
    /* curl would add the Content-Type of a form. */
    if (strcmp(event->method, "POST") == 0 && !has_content_type(event))
        fputs(" '--header' 'Content-Type:'", out);
    if (strcmp(event->method, "POST") == 0 && event->body_size == 0)
        fputs(" '--data-binary' ''", out);
    else if (event->body_size > 0 && app->dry_run.body == NULL)
        put_word(out, " '--data-raw' ", event->body, "");
    else if (event->body_size > 0)
        put_word(out, " '--data-binary' ", "@", app->dry_run.body);
    put_word(out, " ", event->url, "");
    fputc('\n', out);
}

void dry_run_print(struct app *app, const struct c2d_event *event)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    if (app->dry_run.is_silent || app->dry_run.error.status != C2D_OK)
        return;
    out = open_memstream(&text, &size);
    if (out != NULL)
        put_request(out, app, event);
    app->dry_run.error.status = output_stream(app, out, &text, &size, &app->dry_run.error);
}

void dry_run_end(struct app *app)
{
    free(app->dry_run.connection);
    app->dry_run.connection = NULL;
}
