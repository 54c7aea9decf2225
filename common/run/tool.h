/*
 * tool.h - the only main loop. What it runs is a command: see command.h.
 */
#ifndef CS_TOOL_H
#define CS_TOOL_H

#include "admit/command.h"

/* Runs the command to its end; what main returns. Wrong options, failures and needs for a person
 * exit from within. */
int tool_main(const struct tool *tool, int argc, char **argv);

#endif
