/*
 * machine.h - how much memory a process may come to have here.
 *
 * The least of what the machine has, what the control groups the process is in allow (version 1 and
 * 2, up to the root), and its own limits (ulimit -v, ulimit -d).
 */
#ifndef CS_MACHINE_H
#define CS_MACHINE_H

#include <stdint.h>

/* In bytes; INT64_MAX where nothing is known. */
int64_t machine_memory(void);

#endif
