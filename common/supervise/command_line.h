/*
 * command_line.h - a command line with the words of files in front: --options=FILE.
 *
 * A file has a word a line, without quoting, and comments behind a #. What follows its line -- is
 * the command that the options end in. Words of files come first, so the command line overrules
 * them; its command, too.
 */
#ifndef CS_COMMAND_LINE_H
#define CS_COMMAND_LINE_H

#include "base/option.h"
#include "supervise/words.h"

struct command_line {
    struct words words;   /* the program, words of files, and those of the command line */
    struct words command; /* of the last file that has one */
    int defaults;         /* how many of words are of files */
};

/* rows: the options there are; the one named "options" takes a file. A file that cannot be read is
 * die_usage, and so is a word of it that is no option. */
void command_line_read(struct command_line *line, char **argv, const struct option_row *rows);

void command_line_release(struct command_line *line);

#endif
