/*
 * outputs.h - the files and pipes a run writes to: rows, rejects, late records.
 *
 * A file that a state goes on with is known again by its mark (writer/mark.h). HUP opens files
 * anew, as logrotate asks for: what was written stays where it is, the state is saved, and rows go
 * to whatever has the name now.
 */
#ifndef CS_OUTPUTS_H
#define CS_OUTPUTS_H

#include <stdbool.h>

#include "run/loop.h"

/* Opens them all; those of the last run go on where its state says. */
void outputs_open(struct loop *l);

/* Does the run write to files of its own, so that HUP has a meaning? Else it kills. */
bool outputs_named(void);

/* HUP has come. Between rows, in the process that writes them. */
void outputs_reopen(struct loop *l);

#endif
