/*
 * refusals.h - options that do not go together, or not with this tool.
 *
 * Each is told before anything is read, with the option that is too much and the reason.
 */
#ifndef CS_REFUSALS_H
#define CS_REFUSALS_H

#include "admit/command.h"

/* Once they are settled: die_usage, or nothing. */
void options_refuse(const struct tool *tool);

#endif
