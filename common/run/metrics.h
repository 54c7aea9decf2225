/*
 * metrics.h - what --stats writes: the counters of a run, and where it stands.
 *
 * JSON for people and scripts, Prometheus' text format, version 0.0.4, for a file that ends in
 * .prom: node_exporter's textfile collector reads it. Two runs in one directory need a label that
 * tells their series apart (--stats-label=instance=NAME).
 */
#ifndef CS_METRICS_H
#define CS_METRICS_H

#include <stdint.h>

#include "admit/partition.h"
#include "admit/stats.h"
#include "base/list.h"
#include "run/ends.h"

/* So many partitions have series of their own; the rest is in what is said of all. */
#define METRICS_PARTITIONS_MAX 1000

/* A moment of a run. Everything is borrowed. */
struct metrics {
    const char *tool;
    const struct list *labels; /* NAME=VALUE, checked by metrics_label */
    const struct stats *stats;
    const struct clock *clock; /* sorted (clock_sort) */
    uint64_t keys;             /* ids, groups and partitions held */
    uint64_t memory;           /* bytes held */
    uint64_t bytes;            /* read in this run */
    int64_t watermark_us;      /* the smallest; TIME_NONE: none */
    int64_t read_us;           /* the wall clock at the last read; 0: none yet */
    int64_t saved_us;          /* at the last save of the state; 0: none yet */
    const struct ends *ends;   /* of the topic's partitions, as far as they are known */
    int64_t segments;          /* sealed ones in the spool; -1: there is no spool */
    struct slice more;         /* a tool's own counters: ,"name":number and so on */
};

/* Can it be a label? NULL, or the phrase that says what is wrong. */
const char *metrics_label(struct slice name, struct slice value);

/* Adds them in Prometheus' text format. */
void metrics_text(const struct metrics *metrics, struct buffer *out);

/* Adds them as a file of that name has them: Prometheus' format for .prom, else JSON. */
void metrics_render(const struct metrics *metrics, const char *path, struct buffer *out);

/* Writes them to path (ending in .prom: Prometheus; replaced atomically), or as JSON to standard
 * error when it is NULL. */
void metrics_write(const struct metrics *metrics, const char *path);

#endif
