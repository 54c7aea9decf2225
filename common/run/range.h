/*
 * range.h - regular files as one row of bytes, and pieces of it for several processes.
 *
 * What is compressed cannot be cut, nor can anybody say how much it is: where such files are among
 * the inputs the row is one of files, and a range is of whole ones (loop.whole_files). Each process
 * decompresses its own.
 *
 * What the two kinds of pieces have in common (jobs.h, relay.h): which inputs can be cut at all,
 * where a piece begins, reading no more than a piece, and what the process that has read one hands
 * over: counters, rejects and late records.
 */
#ifndef CS_RANGE_H
#define CS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/loop.h"

/* The bytes of all inputs in one row, or the inputs themselves: begin to end. */
struct range {
    uint64_t begin, end;
};

/* Can the inputs, open and unread, be cut into ranges? Not unless they are regular files of
 * unframed NDJSON, logs or CSV, with enough bytes for so many jobs; nor with options by which an
 * event depends on all before it (--dedup, --strict), that give inputs partitions of their own
 * (--interleave) or that print more than rows (--pad); nor where the input is rows. */
bool range_possible(struct loop *l, int jobs);

/* Where the records of unread inputs are in doubt (loop.in_doubt): so much of a file is surely not
 * cut, and in no other range than its beginning. */
#define RANGE_HEAD_BYTES ((uint64_t)64 << 10)

/* In doubt: readies the input for a range in its middle. */
void range_go_on(struct loop *l, struct input *input);

/* In doubt: where a record of the input may well begin, at that byte or after; its end if nowhere.
 */
uint64_t range_guess(const struct loop *l, const struct input *input, uint64_t from);

/* Can whole inputs be given to so many jobs? Not unless they are several regular files, with names,
 * of which some are compressed; nor with the options above. What is in them nobody knows yet. */
bool range_is_files(const struct loop *l, int jobs);

/* Are events taken one by one (relay.h)? Not with --max-ahead, by which the first ones of a run are
 * for it to judge. */
bool range_is_singly(const struct loop *l);

/* For who reads one range on its own, however small: says how (loop.whole_files, in_doubt), or exit
 * 2, naming what the option cannot do, and why. */
void range_require(struct loop *l, const char *option);
/* Whole inputs in ranges for so many jobs, owned by the caller: several that are small are one. */
struct range *range_files(const struct loop *l, int jobs, int *count);

/* Where the row of all inputs ends. */
uint64_t range_end(const struct loop *l);

/* Have records in these files frames, as far as they have been read? */
bool range_is_framed(const struct loop *l, const struct range *range);

/* Is there something in what this process has read of a whole file that only the run can judge? Its
 * records are framed, or none of them is of use, about which there is something to say. */
bool range_is_for_run(const struct loop *l, const struct range *range);

/* Where the first line begins, at that byte or after, in the file that the byte is in. */
uint64_t range_cut(const struct inputs *inputs, uint64_t at);

/* Reads up to len bytes of a file from an offset; fewer at its end. */
size_t range_peek(const struct input *input, uint64_t from, char *into, size_t len);

/* The run itself reads nothing: keeps how the first input begins that is not empty, as whoever
 * reads it does, to look at when nothing of it was of use. */
void range_hint(struct loop *l);

/* Sets the inputs to a range: what lies before or behind counts as read. In doubt: to the records
 * that begin in it. */
void range_select(struct loop *l, const struct range *range);

/* This process reads ranges for the run, and leaves it to that to report. */
void range_serve(struct loop *l);

/* The partition that all ranges are of. */
struct partition *range_partition(struct loop *l);

/* The parts in which a range is handed over (crew.h). */
enum range_part {
    RANGE_RESULT, /* counters, and what the command has open */
    RANGE_EVENTS, /* events left to the run, rejects, late records: handover.h */
    RANGE_ROWS,
};

/* What it has counted, and what its analysis hands over, with each range. */
void range_pack(struct loop *l, struct buffer *out);

/* Adds that (in) to the run, whose lines so far are those before the range. handed is what the
 * range has written to l->handover: events left to the run, rejects, late records. rows are the
 * range's, for an analysis that puts them between its own (weave). */
void range_add(struct loop *l, struct unpack *in, struct slice handed, struct slice rows);

#endif
