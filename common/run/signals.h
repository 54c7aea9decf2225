/*
 * signals.h - signals are noted, and wake the loop; it acts on them when it gets round to it.
 *
 * TERM is the end of input; INT too, and the tool dies of a second one at once. USR1 asks for the
 * counters, HUP for files of rows to be opened anew: where there are none, it kills, as it does
 * others.
 */
#ifndef CS_SIGNALS_H
#define CS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

extern volatile sig_atomic_t stop_signal;   /* TERM or INT, once one has come */
extern volatile sig_atomic_t stats_wanted;  /* USR1 has come */
extern volatile sig_atomic_t reopen_wanted; /* HUP has come */

/* Catches them; children: their ends wake the loop, too; files: HUP as well. Returns a descriptor
 * that is readable from a signal on. */
int signals_catch(bool children, bool files);

/* Waits until a descriptor is readable, or at its end; false: a signal has come first. */
bool signals_wait(int fd);

#endif
