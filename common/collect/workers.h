/*
 * workers.h - --workers: several processes that do the same, and one that has begun them.
 *
 * Each has its listening sockets, its spool and its memory; what they share is made before. The
 * first process only waits: it passes on signals, speaks to the service manager for all of them,
 * and when one ends that should not, it ends the others, so that whoever has started it can start
 * all of it again.
 */
#ifndef CS_WORKERS_H
#define CS_WORKERS_H

#include <stddef.h>

#include "run/notify.h"

/* Begins count processes. Returns which one this is, from 0; in the first process, when all have
 * ended, -1, and *status is what main is to return. */
int workers_run(size_t count, struct notify *notify, int *status);

#endif
