/*
 * stats.h - what became of every record: the counters of --stats.
 *
 * Conservation: read = duplicate + rejected + filtered + late + used, always.
 */
#ifndef CS_STATS_H
#define CS_STATS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "event/reason.h"

struct stats {
    uint64_t read, duplicate, rejected, filtered, late, used;
    uint64_t rejected_by[REASON_COUNT];
    uint64_t late_windows, expired, not_numbers, expression_errors;
    uint64_t gaps;       /* offsets missing from framed input (compaction makes gaps) */
    uint64_t rows;       /* printed */
    int64_t disorder_us; /* the farthest an event lay behind its partition's event time */
};

/* What is said besides the counters that are kept over restarts. */
struct stats_moment {
    const char *tool;
    uint64_t keys;         /* ids and groups held */
    uint64_t bytes;        /* read in this run */
    int64_t event_time_us; /* the largest; TIME_NONE: none */
    int64_t watermark_us;  /* likewise */
    struct slice more;     /* further ,"name":number members */
};

/* One JSON object and a newline. */
void stats_json(const struct stats *stats, const struct stats_moment *moment, struct buffer *out);

/* Prometheus text format, version 0.0.4. */
void stats_prometheus(const struct stats *stats, const struct stats_moment *moment,
                      struct buffer *out);

/* Writes them to path (ending in .prom: Prometheus; replaced atomically), or as JSON to standard
 * error when it is NULL. */
void stats_put(const struct stats *stats, const struct stats_moment *moment, const char *path);

/* Dies if that file cannot be made: now is better than at the end. */
void stats_check(const char *path);

void stats_save(const struct stats *stats, struct buffer *out);
void stats_load(struct stats *stats, struct unpack *in);

#endif
