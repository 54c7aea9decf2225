/*
 * stats.h - what became of every record: the counters of --stats.
 *
 * Conservation: read = duplicate + rejected + filtered + late + used, always.
 */
#ifndef CS_STATS_H
#define CS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "event/reason.h"

struct stats {
    uint64_t read, duplicate, rejected, filtered, late, used;
    uint64_t rejected_by[REASON_COUNT];
    uint64_t late_windows, expired, not_numbers, too_large, expression_errors;
    uint64_t doubtful_times; /* of an hour that a change of the clock made twice, or left out */
    uint64_t gaps;           /* offsets missing from framed input (compaction makes gaps) */
    uint64_t rows;           /* printed */
    int64_t disorder_us;     /* the farthest an event lay behind its partition's event time */
};

struct stats_counter {
    const char *name, *help;
    uint64_t value;
};

/* The i-th counter, in the order in which they are printed; those of rejected_by are not among
 * them. False: there are no more. */
bool stats_counter(const struct stats *stats, size_t i, struct stats_counter *counter);

void stats_save(const struct stats *stats, struct buffer *out);
void stats_load(struct stats *stats, struct unpack *in);

#endif
