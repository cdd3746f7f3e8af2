/* squatter: takes the name of an abstract Unix socket as another user would.
 *
 *     squatter NAME USER-ID [listen]    prints "ready PID" and waits to be killed */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (argc < 3 || strlen(argv[1]) >= sizeof address.sun_path
        || setuid((uid_t)strtoul(argv[2], NULL, 10)) != 0)
        return 1;
    memcpy(address.sun_path + 1, argv[1], strlen(argv[1]));
    if (bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[1])))
            != 0
        || (argc > 3 && listen(fd, 8) != 0))
        return 1;
    printf("ready %ld\n", (long)getpid());
    fflush(stdout);
    pause();
    return 0;
}
