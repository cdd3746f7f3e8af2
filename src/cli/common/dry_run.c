/* A request as a curl command that a shell takes as it stands: every word is in single quotes,
 * within which only their own end means anything. It opens nothing and reads no body. */
#include "dry_run.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        /* Cannot be escaped within single quotes: they are closed around it. */
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
}

/* before, and then first and second as one single-quoted word. */
static void put_word(FILE *out, const char *before, const char *first, const char *second)
{
    fprintf(out, "%s'", before);
    put_text(out, first);
    put_text(out, second);
    fputc('\'', out);
}

/* A header as curl takes it: it drops "Name:" with nothing after it, and sends "Name;" empty. */
static void put_header(FILE *out, const char *header)
{
    size_t size = strlen(header);
    char *name = size > 2 && strcmp(header + size - 2, ": ") == 0 ? strdup(header) : NULL;

    if (name != NULL)
        name[size - 2] = '\0';
    put_word(out, " '--header' ", name != NULL ? name : header, name != NULL ? ";" : "");
    free(name);
}

static bool has_content_type(const struct c2d_event *event)
{
    for (size_t i = 0; i < event->header_count; i++)
        if (strncmp(event->headers[i], "Content-Type:", 13) == 0)
            return true;
    return false;
}

void dry_run_print(struct app *app, const struct c2d_event *event)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return;
    fputs("'curl' '--http1.1' '--request'", out);
    put_word(out, " ", event->method, "");
    for (size_t i = 0; i < event->header_count; i++)
        put_header(out, event->headers[i]);
    /* curl would describe every body as a form. */
    if (strcmp(event->method, "POST") == 0 && !has_content_type(event))
        fputs(" '--header' 'Content-Type:'", out);
    if (strcmp(event->method, "POST") == 0 && event->body_size == 0)
        fputs(" '--data-binary' ''", out);
    else if (event->body_size > 0)
        put_word(out, " '--data-binary' ", "@", app->dry_run_body);
    put_word(out, " ", event->url, "");
    if (fclose(out) == 0)
        app->output_status = output_line(app, text);
    free(text);
}
