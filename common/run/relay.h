/*
 * relay.h - --jobs for a tool that takes every event by itself (ranges.singly): small pieces of the
 * input in turn, with the output of one pass.
 *
 * Each of N processes of the crew (crew.h) reads every N-th piece and keeps its rows until those of
 * the piece before are out; then it writes its own, and passes the turn on. Rows go straight from
 * the process that has made them to the output, and no more than a piece of them waits in memory.
 * The run itself reads nothing: it adds up what the processes have counted, in the order of the
 * pieces.
 *
 * Where it is in doubt which line ends end a record (loop.in_doubt: CSV, in whose quotes they are
 * text), a process begins its piece where a record may well begin. With the turn comes where the
 * piece before has ended, which is where this one begins: if the guess was right, which it mostly
 * is, what was made of it goes out; if not, all of that is forgotten, and the piece is read again
 * from there. So the result is that of one job, whatever is in the file.
 *
 * So it is with --max-jump, by which the first events of a piece depend on how far event time has
 * come before. A piece is read as if there had been nothing; with the turn comes what there was,
 * and most of the time one run would have decided the same (jumps.h). If not, it is read again,
 * knowing that, by the process or by the run. If an event is held at its end, for the next one to
 * judge, the run reads it and whatever is behind it, up to the piece in whose end none is held.
 *
 * Of whole compressed files (loop.whole_files) a piece is a file. Its rows gather in memory until
 * its turn, as many as there is room for; then the process waits, as whoever is before it has to
 * be written first. What only the run can judge (frames, a file of nothing but refused records,
 * more of these than a process may keep, and what was decided otherwise with --max-jump) it reads
 * itself, without writing again what is out.
 */
#ifndef CS_RELAY_H
#define CS_RELAY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "run/loop.h"
#include "run/range.h"

/* Reads all inputs, which are open, unread and in ranges possible (range.h), with so many
 * processes; false, and nothing is done, where this is no such tool. read_range reads what the
 * inputs are set to. */
bool relay_run(struct loop *l, int count, void (*read_range)(struct loop *l));

/* --- what a piece is, whoever brings it (apart.h) --- */

/* A piece is read next, as if there had been nothing before. Nothing is late in it. */
void relay_begin(struct loop *l);

/* In doubt: where a piece begins that is to begin there or behind, if its first bytes do not
 * deceive. */
uint64_t relay_guess(struct loop *l, uint64_t border);

/* In doubt: reads the records that begin from range.begin, where one does, and before its end.
 * Returns where the next one begins. */
uint64_t relay_read(struct loop *l, const struct range *range, void (*read_range)(struct loop *l));

/* What a piece has counted, beside its rows and what it hands over; the run adds it. */
void relay_end(struct loop *l, struct buffer *result);
void relay_add(struct loop *l, struct unpack *in, struct slice events);

#endif
