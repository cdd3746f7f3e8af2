/* counting: notes each signal that it gets in the file signals, and exits with 5 soon after the
 * first. A shell would note two that come at once as one. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int log_fd;
static volatile sig_atomic_t count;

static void note(int number)
{
    const char *text = number == SIGINT ? "INT\n" : number == SIGHUP ? "HUP\n" : "TERM\n";

    count += write(log_fd, text, number == SIGTERM ? 5 : 4) > 0;
}

static void write_file(const char *name, int number)
{
    FILE *file = fopen(name, "w");

    if (file != NULL) {
        (void)fprintf(file, "%d\n", number);
        (void)fclose(file);
    }
}

int main(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = note };
    struct timespec pause = { .tv_nsec = 400000000 };

    log_fd = open("signals", O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (int i = 0; i < 3; i++)
        (void)sigaction(numbers[i], &action, NULL);
    write_file("pid", (int)getpid());
    write_file("ready", 1);
    while (count == 0) {
        struct timespec tick = { .tv_nsec = 20000000 };

        (void)nanosleep(&tick, NULL);
    }
    while (nanosleep(&pause, &pause) != 0)
        ;
    return 5;
}
