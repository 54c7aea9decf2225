/*
 * common_options.h - the options every tool has, read into one struct. Documented in
 * clickstream(7).
 *
 * An option's value has one home. The command line and the view files are merged into it, then what
 * depends on other options is settled, and from then on nobody can change it: what the rest of the
 * program sees is const. What an option means for a run, where that is not its value, is in struct
 * settings (command.h).
 *
 *     const int operand = common_options_parse(tool, argc, argv);
 *     run->settings = common_options_settle(tool);
 *     tool->start(run);
 *
 * Texts are borrowed from argv and the view files.
 */
#ifndef CS_COMMON_OPTIONS_H
#define CS_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/instant.h"
#include "base/list.h"
#include "base/option.h"
#include "writer/encoding.h"

/* --range=K/N: the K-th of N, from 1; 0 of 0: all. */
struct option_share {
    uint32_t number, count;
};

enum input_format { INPUT_AUTO, INPUT_NDJSON, INPUT_KCAT, INPUT_KCAT_SIZED, INPUT_KCAT_JSON };

struct common_options {
    bool interleave;
    const char *encoding;   /* of the inputs; NULL: UTF-8, or as their first bytes say */
    int input;              /* enum input_format */
    const char *partitions; /* LIST, or NULL */
    const char *bind;       /* LIST, or NULL */
    bool kafka_members;
    int64_t max_partitions;
    struct option_list where;
    const char *time_field; /* NULL until settled */
    struct instant_format time;
    int64_t time_unit; /* enum instant_unit */
    bool assume_utc;
    const char *tz; /* NULL: none */
    struct option_list number;
    bool decimal_comma;
    int64_t lateness_us;        /* INT64_MAX: max */
    int64_t idle_us;            /* 0: off */
    int64_t end_us;             /* INT64_MIN: none */
    int64_t max_ahead_us;       /* 0: off */
    int64_t max_jump_us;        /* 0: off */
    int64_t dedup_us;           /* 0: off */
    const char *rejects, *late; /* files, or NULL */
    bool strict;
    int format; /* enum encoding_kind */
    const char *output, *state, *spool;
    int64_t save_every_us;
    bool flush, show_position, skip_gone;
    bool updates;
    int64_t emit; /* the same, for the fingerprint */
    int64_t updates_us;
    const char *key;
    int64_t pad; /* 0: none */
    const char *order_by;
    int64_t top; /* 0: all */
    bool ties;
    int64_t max_keys;
    int64_t max_memory; /* bytes; 0: half of what there is */
    int64_t jobs;
    struct option_share range;
    const char *partial; /* file, or NULL */
    bool merge_partials;
    bool by_partition, merge;
    bool stats;
    const char *stats_file; /* NULL: standard error */
    int64_t stats_every_us; /* 0: at the end and when asked */
    const char *stats_ends; /* file, or NULL */
    struct option_list stats_label;
    struct list stats_labels; /* their items, once settled */
    const char *schema;       /* --print-schema: sql[:TABLE], or NULL */
    bool explain, progress;
};

extern const struct common_options *const options;

/* Reads argv and the view it names, with the tool's own options and these. Returns the index of the
 * first operand. Anything wrong is die_usage; --help and --version print and exit. */
int common_options_parse(const struct tool *tool, int argc, char **argv);

/* Before they are settled: these are --key where none is given. Borrowed. */
void common_options_key(const char *names);

/* Lets the tool settle its own options, and settles these; what cannot be is die_usage. Returns
 * what they mean for the run. */
struct settings common_options_settle(const struct tool *tool);

/* Gives back what settling has made. */
void common_options_release(void);

#endif
