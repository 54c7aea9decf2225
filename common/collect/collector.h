/*
 * collector.h - the run of cs-collect: from its options to its end.
 */
#ifndef CS_COLLECTOR_H
#define CS_COLLECTOR_H

#include "admit/command.h"

/* Runs until it is told to end (TERM, INT): then what is under way is answered, and what is there
 * is made durable. What main returns. */
int collector_main(const struct tool *tool, int argc, char **argv);

#endif
