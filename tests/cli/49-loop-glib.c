/* c2d_fd() in a main loop of GLib: see 49-loop-work.h.
 * usage: loop-glib CA-FILE CONNECTIONS */
#include "49-loop-work.h"

#include <glib-unix.h>

static GMainLoop *loop;

static gboolean on_readable(gint fd, GIOCondition what, gpointer work)
{
    (void)fd;
    (void)what;
    work_on_readable(work);
    return G_SOURCE_CONTINUE;
}

static gboolean on_tick(gpointer work)
{
    if (work_on_tick(work))
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    struct work work;
    guint library;

    if (!work_start(&work, argc, argv))
        return work_end(&work);
    loop = g_main_loop_new(NULL, FALSE);
    library = g_unix_fd_add(c2d_fd(work.back_end), G_IO_IN, on_readable, &work);
    g_timeout_add(TICK_MS, on_tick, &work);
    g_main_loop_run(loop);
    /* Before the client, which closes the descriptor. */
    g_source_remove(library);
    g_main_loop_unref(loop);
    return work_end(&work);
}
