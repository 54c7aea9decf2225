/*
 * options.h - what the command line asks of the traffic generator.
 *
 * Times and durations are int64 microseconds, always whole milliseconds; shares are parts of a
 * million; rates and factors are thousandths. All of it is read-only once parsed.
 */
#ifndef TRAFFIC_OPTIONS_H
#define TRAFFIC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plant.h"

#define SPANS_MAX 16

/* A part of the run, as offsets from its start. */
struct span {
    int64_t begin_us;
    int64_t end_us;
    uint32_t factor_milli; /* --spike */
    const char *term;      /* --search-spike; borrowed from the command line */
};

struct spans {
    struct span list[SPANS_MAX];
    size_t count;
};

struct options {
    uint64_t seed;
    uint64_t events;     /* UINT64_MAX: no limit */
    int64_t duration_us; /* INT64_MAX: no limit */
    int64_t start_us;    /* since the epoch */
    uint64_t rate_milli; /* events per 1000 seconds */
    uint32_t products;
    uint32_t users;
    uint32_t bots;
    struct spans outages;
    struct spans spikes;
    struct spans search_spikes;

    int64_t disorder_us;
    uint32_t repeats_ppm;
    uint32_t malformed_ppm;
    uint32_t nulls_ppm;
    bool empty;
    bool unicode;
    bool shuffle_members;
    bool escapes;
    bool extras;

    bool csv;
    uint32_t partitions;               /* 0: lines without a frame */
    uint32_t plants[PLANT_KIND_COUNT]; /* how many of each kind */
    const char *planted;               /* where it is written what there is to find, or NULL */
    bool agents;                       /* events have a user_agent */
    bool live;                         /* --loop-rate; start_us is then the time of the call */
};

/* Parses the command line. --help and --version print and exit 0; wrong use exits 2. */
void options_parse(struct options *options, int argc, char **argv);

/* The span of the list that holds offset_us, or NULL. */
static inline const struct span *spans_find(const struct spans *spans, int64_t offset_us)
{
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->list[i];
        if (offset_us >= span->begin_us && offset_us < span->end_us) return span;
    }
    return NULL;
}

#endif
