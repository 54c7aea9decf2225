/*
 * notify.h - what the service manager is told: sd_notify(3) without its library.
 *
 * systemd names a socket in $NOTIFY_SOCKET and, with WatchdogSec=, in $WATCHDOG_USEC how long a
 * service may be silent. READY=1 is sent when the state is loaded and the inputs are open,
 * WATCHDOG=1 by the main loop itself: one that hangs stops saying so. Without the variable nothing
 * is sent. Nothing here ever fails a run: who does not listen, does not listen.
 * The variables are taken out of the environment, so that no child speaks for the tool.
 */
#ifndef CS_NOTIFY_H
#define CS_NOTIFY_H

#include <stdint.h>

struct notify {
    int fd;           /* connected to the manager; -1: there is none */
    int64_t every_us; /* between signs of life; 0: none are wanted */
    int64_t due_us;   /* steady clock: the next one */
};

/* Before children are started. */
void notify_open(struct notify *notify);

/* Says that the service is ready, and begins to give signs of life. */
void notify_ready(struct notify *notify);

/* Gives a sign of life when one is due; returns how long none will be (INT64_MAX: never). */
int64_t notify_tick(struct notify *notify);

/* Says that the service is about to end, and that this may take as long as it takes once more. */
void notify_stopping(struct notify *notify);

void notify_close(struct notify *notify);

#endif
