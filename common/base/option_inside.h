/*
 * option_inside.h - what the files of option share.
 */
#ifndef CS_OPTION_INSIDE_H
#define CS_OPTION_INSIDE_H

#include "base/option.h"

/* "[DUR]": the value may be left out; "[-]F": it may not. */
bool option_argument_optional(const char *argument);

/* Adds the --help text of these rows, in groups, between the texts of option_help_texts. */
void option_help_rows(struct buffer *out, const struct option_row *const *rows, int count);

#endif
