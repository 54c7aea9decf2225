/*
 * run_options.h - the command line of cs-run: its options, and the tools that they end in.
 */
#ifndef CS_RUN_OPTIONS_H
#define CS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "supervise/begin.h"
#include "supervise/words.h"

struct run_options {
    const char *brokers, *topic, *partitions, *dir;
    const char *out;      /* -o or --table: a topic, or a table, for each tool; or NULL */
    const char *postgres; /* where the tables are; NULL: rows go to topics */
    const char *from;     /* or NULL */
    const char *drain;    /* seconds, for cs-ship */
    const char *refresh;
    bool create, once, skip_gone, quiet;
    struct option_list files, properties;
    int64_t refresh_us; /* 0: never */
    struct beginning beginning;
    struct option_list parse; /* --parse */
    struct words *tool;       /* the tools, each with its words */
    size_t tools;
};

/* The topic or the table for the rows of a tool; empty: none. */
struct slice run_options_out(const struct run_options *options, size_t tool);

/* Reads and checks them; what is wrong is die_usage. */
const struct run_options *run_options_read(char **argv);

void run_options_release(void);

#endif
