/*
 * common_options_inside.h - what the files of common_options have of each other.
 */
#ifndef CS_COMMON_OPTIONS_INSIDE_H
#define CS_COMMON_OPTIONS_INSIDE_H

#include "run/common_options.h"

/* What makes no sense, by itself or together, is exit 2 (die_usage). */
void common_options_refuse(const struct tool *tool);

#endif
