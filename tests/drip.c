/*
 * drip - writes its standard input to its standard output in small pieces, each of them one read for the program
 * behind it.
 *
 *     drip SIZE <file | ...     pieces of SIZE bytes
 *     drip 0 SEED <file | ...   pieces of 1 byte to 4 KiB by chance
 *
 * Between pieces it waits until the pipe is empty, so the reader cannot get two of them at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Waits until everything written has been read. */
static void pipe_drain(void)
{
    const struct timespec moment = {.tv_nsec = 20000};
    int unread = 0;
    while (ioctl(STDOUT_FILENO, FIONREAD, &unread) == 0 && unread > 0)
        nanosleep(&moment, NULL);
}

int main(int argc, char **argv)
{
    static char bytes[1 << 20];
    if (argc < 2) return 2;
    const size_t size = strtoul(argv[1], NULL, 10);
    srand48(argc > 2 ? strtol(argv[2], NULL, 10) : 1);
    size_t len = 0;
    for (ssize_t got; (got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0;) {
        len = (size_t)got;
        for (size_t at = 0; at < len;) {
            size_t piece = size != 0 ? size : (size_t)1 << lrand48() % 13;
            if (piece > len - at) piece = len - at;
            if (write(STDOUT_FILENO, bytes + at, piece) != (ssize_t)piece) return 1;
            at += piece;
            pipe_drain();
        }
    }
    return 0;
}
