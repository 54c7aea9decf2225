#include "run/saver.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"

/* Saving takes at most one in so many of the time. */
#define SHARE 10

void saver_init(struct saver *saver, int64_t every_us)
{
    *saver = (struct saver){.every_us = every_us, .due_us = instant_steady() + every_us};
}

enum saver_side saver_fork(struct saver *saver)
{
    const pid_t run = getpid();
    saver->started_us = instant_steady();
    saver->child = fork();
    if (saver->child < 0) {
        saver->child = 0;
        return SAVER_ALONE;
    }
    if (saver->child != 0) return SAVER_RUN;
    /* It dies with the run; a signal that stops the run must not stop this save, which the run
     * waits for. */
    die_with(run);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    return SAVER_CHILD;
}

void saver_done(void)
{
    _exit(EXIT_DONE);
}

void saver_saved(struct saver *saver)
{
    const int64_t pause_us = (instant_steady() - saver->started_us) * SHARE;
    saver->due_us = saver->started_us + (pause_us > saver->every_us ? pause_us : saver->every_us);
}

bool saver_ended(struct saver *saver, bool wait)
{
    if (saver->child == 0) return false;
    int status = 0;
    pid_t got;
    do
        got = waitpid(saver->child, &status, wait ? 0 : WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0) return false;
    if (got < 0) die_errno("waiting for the state to be saved");
    if (WIFSIGNALED(status))
        die("the process that saves the state was killed by signal %d", WTERMSIG(status));
    if (status != 0) exit(EXIT_FAILED); /* it has said why */
    saver->child = 0;
    saver_saved(saver);
    return true;
}
