/*
 * collect_options.h - the command line of cs-collect: what is its own.
 *
 * What a record means is said by the options of cs-parse (run/parsing.h) and some of those that
 * every tool has (run/common_options.h).
 */
#ifndef CS_COLLECT_OPTIONS_H
#define CS_COLLECT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "collect/bucket.h"
#include "collect/forwarded.h"
#include "run/parsing.h"

enum address_mode { ADDRESS_CUT, ADDRESS_FULL, ADDRESS_HASH, ADDRESS_NONE };
enum bots_mode { BOTS_TAKE, BOTS_TAG, BOTS_DROP, BOTS_ONLY };

struct collect_options {
    struct option_list listen, admin, origins, trusted;
    const char *path;
    const char *spool;
    int64_t spool_most; /* bytes; 0: as much as fits */
    int64_t seal_us;
    int64_t buffer_bytes;
    int64_t body_bytes, events;
    int64_t connections, request_us, idle_us;
    int64_t workers;
    struct buckets rate;
    int address;      /* enum address_mode */
    int clock;        /* enum judge_clock */
    int bots;         /* enum bots_mode */
    int proxy_header; /* 0: X-Forwarded-For; 1: Forwarded */
    bool shadow, debug;
    const char *snippet;
    struct parsing_options parsing;
    struct forwarded forwarded; /* of trusted and proxy_header, once they are settled */
    struct list origin;         /* of origins; none: all of them */
};

/* The rows of the table, which fill this struct. */
extern const struct option_row collect_rows[];
extern struct collect_options collect_given;

/* Refuses what does not go together, and settles what is made of options. */
void collect_options_settle(void);

void collect_options_release(void);

#endif
