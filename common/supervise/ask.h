/*
 * ask.h - asks a program something: what it prints, and how it ends.
 *
 * A signal does not wait for the answer: what was asked is stopped, and the run ends as the signal
 * wants it.
 */
#ifndef CS_ASK_H
#define CS_ASK_H

#include "base/buffer.h"
#include "supervise/process.h"

/* A wake descriptor of signals_catch, before anything is asked. */
void ask_wake(int fd);

/* Runs the process with its standard output in answer and, unless complaints is NULL, its standard
 * error in that; both are emptied before. Returns its status as process_status. */
int ask(const struct process *process, struct buffer *answer, struct buffer *complaints);

/* Waits so long, or until a signal comes. */
void ask_nap(int64_t us);

/* Ends the run in order: exit 0 after a TERM or without a signal, and by the signal after an INT,
 * as whoever has started this wants to know. */
_Noreturn void ask_leave(void);

#endif
