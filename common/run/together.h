/*
 * together.h - options that do not go together, or not with this tool.
 *
 * Looked at once they are all read, and before they are settled: what makes no sense is exit 2
 * (die_usage), naming both.
 */
#ifndef CS_TOGETHER_H
#define CS_TOGETHER_H

#include "admit/command.h"

void together_check(const struct tool *tool);

#endif
