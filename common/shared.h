/*
 * shared.h - the options every tool has, read into one struct. Documented in clickstream(7).
 */
#ifndef CS_SHARED_H
#define CS_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "instant.h"
#include "option.h"

enum input_format { INPUT_AUTO, INPUT_NDJSON, INPUT_KCAT };

struct shared {
    bool interleave;
    int input;              /* enum input_format */
    const char *partitions; /* LIST, or NULL */
    struct option_list where;
    const char *time_field;
    struct instant_format time;
    int64_t time_unit; /* enum instant_unit */
    struct option_list number;
    int64_t lateness_us;        /* INT64_MAX: max */
    int64_t idle_us;            /* 0: off */
    int64_t max_ahead_us;       /* 0: off */
    int64_t max_jump_us;        /* 0: off */
    int64_t dedup_us;           /* 0: off */
    const char *rejects, *late; /* files, or NULL */
    bool strict;
    const char *output, *state, *spool;
    int64_t save_every_us;
    bool flush, show_position;
    bool updates;
    int64_t emit; /* the same, for the fingerprint */
    int64_t updates_us;
    const char *key;
    int64_t pad; /* 0: none */
    const char *order_by;
    int64_t top; /* 0: all */
    int64_t max_keys;
    int64_t max_memory; /* bytes; 0: half of what there is */
    int64_t jobs;
    bool by_partition, merge;
    bool stats;
    const char *stats_file; /* NULL: standard error */
    bool explain, progress;
};

extern struct shared shared;

extern const struct option_row shared_options[];

#endif
