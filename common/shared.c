#include "shared.h"

#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "machine.h"
#include "size.h"

#define MEMORY_LEAST (INT64_C(32) << 20)

struct shared shared = {
    .lateness_us = INT64_C(30) * 1000000,
    .max_ahead_us = INT64_C(3600) * 1000000,
    .max_jump_us = INT64_C(86400) * 1000000,
    .save_every_us = 1000000,
    .updates_us = 1000000,
    .max_keys = 50000000,
    .jobs = 1,
};

static const char *time_unit_set(const char *value)
{
    static const char *const units[] = {
        [UNIT_S] = "s", [UNIT_MS] = "ms", [UNIT_US] = "us", [UNIT_NS] = "ns"};
    for (int unit = UNIT_S; unit <= UNIT_NS; unit++) {
        if (strcmp(value, units[unit]) != 0) continue;
        shared.time.unit = (enum instant_unit)unit;
        shared.time_unit = unit;
        return NULL;
    }
    return "must be s, ms, us or ns";
}

static const char *emit_set(const char *value)
{
    static const char updates[] = "updates";
    const size_t len = sizeof updates - 1;
    if (strcmp(value, "final") == 0) {
        shared.emit = shared.updates = false;
        return NULL;
    }
    if (strncmp(value, updates, len) != 0 || (value[len] != '\0' && value[len] != ':'))
        return "must be final, updates or updates:DUR";
    shared.emit = shared.updates = true;
    const char *why =
        value[len] == '\0' ? NULL : duration_parse(value + len + 1, &shared.updates_us);
    return why == NULL && shared.updates_us == 0 ? "updates need some time between them" : why;
}

static const char *stats_set(const char *value)
{
    shared.stats = true;
    shared.stats_file = value;
    return NULL;
}

static const char *pad_set(const char *value)
{
    if (value == NULL) {
        shared.pad = 1024; /* the block in which kcat -P reads */
        return NULL;
    }
    shared.pad = 0;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || shared.pad > 100000)
            return "must be a number of newlines, at most 1,000,000";
        shared.pad = shared.pad * 10 + (*c - '0');
    }
    return NULL;
}

/* A share of what there is, or a size. */
static const char *max_memory_set(const char *value)
{
    char *end;
    const long percent = strtol(value, &end, 10);
    if (end != value && strcmp(end, "%") == 0) {
        if (percent < 1 || percent > 100) return "a share is 1% to 100%";
        shared.max_memory = machine_memory() / 100 * percent;
        return NULL;
    }
    const char *why = size_parse(value, &shared.max_memory);
    if (why == NULL && shared.max_memory < MEMORY_LEAST)
        return "is too small: the least is 32M, with which one long line can be read";
    return why;
}

const struct option_row shared_options[] = {
    {.name = "interleave",
     .type = OPTION_FLAG,
     .target = &shared.interleave,
     .help = "regular files side by side, each a partition of its own"},
    {.name = "input",
     .type = OPTION_CHOICE,
     .target = &shared.input,
     .words = "auto|ndjson|kcat",
     .help = "how records are framed; kcat: PARTITION, tab, OFFSET, tab, JSON"},
    {.name = "partitions",
     .type = OPTION_TEXT,
     .target = &shared.partitions,
     .argument = "LIST",
     .free = true,
     .help = "the partitions that will come (0,1,2 or 0-11): time waits for them"},
    {.name = "where",
     .letter = 'w',
     .type = OPTION_LIST,
     .target = &shared.where,
     .argument = "EXPR",
     .help = "only events for which the jq expression selects; may repeat"},
    {.name = "time-field",
     .type = OPTION_TEXT,
     .target = &shared.time_field,
     .argument = "NAME",
     .help = "the member that holds the time (default event_time)"},
    {.name = "time-unit",
     .type = OPTION_CALL,
     .call = time_unit_set,
     .target = &shared.time_unit,
     .argument = "s|ms|us|ns",
     .help = "the unit of times that are numbers (default: by size)"},
    {.name = "assume-utc",
     .type = OPTION_FLAG,
     .target = &shared.time.assume_utc,
     .help = "times without a zone are UTC"},
    {.name = "number",
     .type = OPTION_LIST,
     .target = &shared.number,
     .argument = "F,...",
     .help = "members that are numbers though the input has them as text"},
    {.name = "lateness",
     .type = OPTION_DURATION,
     .target = &shared.lateness_us,
     .argument = "DUR",
     .words = "max",
     .help = "how far out of order events may come (default 30s)"},
    {.name = "idle",
     .type = OPTION_DURATION,
     .target = &shared.idle_us,
     .argument = "DUR",
     .help = "after so long without input, time goes on by the wall clock"},
    {.name = "max-ahead",
     .type = OPTION_DURATION,
     .target = &shared.max_ahead_us,
     .argument = "DUR",
     .help = "refuse events further ahead of the clock (default 1h; 0s: off)"},
    {.name = "max-jump",
     .type = OPTION_DURATION,
     .target = &shared.max_jump_us,
     .argument = "DUR",
     .help = "hold events further ahead of the others (default 1d; 0s: off)"},
    {.name = "dedup",
     .type = OPTION_DURATION,
     .target = &shared.dedup_us,
     .argument = "DUR",
     .help = "drop events whose event_id was seen within DUR"},
    {.name = "rejects",
     .type = OPTION_TEXT,
     .target = &shared.rejects,
     .argument = "FILE",
     .free = true,
     .help = "what was refused, as NDJSON with the reason"},
    {.name = "late",
     .type = OPTION_TEXT,
     .target = &shared.late,
     .argument = "FILE",
     .free = true,
     .help = "what came too late, as NDJSON"},
    {.name = "strict",
     .type = OPTION_FLAG,
     .target = &shared.strict,
     .free = true,
     .help = "the first refused or late record ends the run, exit 1"},
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .target = &shared.output,
     .argument = "FILE",
     .free = true,
     .help = "rows go to FILE instead of standard output"},
    {.name = "state",
     .letter = 's',
     .type = OPTION_TEXT,
     .target = &shared.state,
     .argument = "FILE",
     .free = true,
     .help = "keep state in FILE and go on from it"},
    {.name = "save-every",
     .type = OPTION_DURATION,
     .target = &shared.save_every_us,
     .argument = "DUR",
     .least = 1,
     .free = true,
     .help = "how often the state is saved (default 1s)"},
    {.name = "flush",
     .type = OPTION_FLAG,
     .target = &shared.flush,
     .free = true,
     .help = "with --state: the end of the input closes everything"},
    {.name = "spool",
     .type = OPTION_TEXT,
     .target = &shared.spool,
     .argument = "DIR",
     .free = true,
     .help = "rows go to numbered segments in DIR, sealed with the state"},
    {.name = "show-position",
     .type = OPTION_FLAG,
     .target = &shared.show_position,
     .free = true,
     .help = "print the positions in the state and exit"},
    {.name = "emit",
     .type = OPTION_CALL,
     .call = emit_set,
     .target = &shared.emit,
     .argument = "final|updates[:DUR]",
     .help = "rows once, or also while they change (default final)"},
    {.name = "key",
     .type = OPTION_TEXT,
     .target = &shared.key,
     .argument = "F[,F]",
     .help = "VALUE and a tab before every row, for kcat -P -K '\\t'"},
    {.name = "pad",
     .type = OPTION_CALL,
     .call = pad_set,
     .argument = "[1024]",
     .free = true,
     .help = "newlines after each flush, so that kcat -P sends at once"},
    {.name = "order-by",
     .type = OPTION_TEXT,
     .target = &shared.order_by,
     .argument = "[-]F",
     .help = "sort a window's rows by F; - reverses"},
    {.name = "top",
     .type = OPTION_NUMBER,
     .target = &shared.top,
     .argument = "N",
     .least = 1,
     .help = "only the first N rows of a window"},
    {.name = "max-keys",
     .type = OPTION_NUMBER,
     .target = &shared.max_keys,
     .argument = "N",
     .least = 1,
     .free = true,
     .help = "bound on keys held at once (default 50000000)"},
    {.name = "max-memory",
     .type = OPTION_CALL,
     .call = max_memory_set,
     .argument = "SIZE",
     .free = true,
     .help = "bound on memory held at once (default 50%)"},
    {.name = "jobs",
     .letter = 'j',
     .type = OPTION_NUMBER,
     .target = &shared.jobs,
     .argument = "N",
     .least = 1,
     .free = true,
     .help = "regular files in N ranges at once"},
    {.name = "by-partition",
     .type = OPTION_FLAG,
     .target = &shared.by_partition,
     .help = "a row per partition, with a member partition"},
    {.name = "merge",
     .type = OPTION_FLAG,
     .target = &shared.merge,
     .help = "read rows of --by-partition and add them up"},
    {.name = "stats",
     .type = OPTION_CALL,
     .call = stats_set,
     .argument = "[FILE]",
     .free = true,
     .help = "counters at the end and on SIGUSR1 (FILE.prom: Prometheus)"},
    {.name = "explain",
     .type = OPTION_FLAG,
     .target = &shared.explain,
     .free = true,
     .help = "say how expressions are run and what is read, and exit"},
    {.name = "progress",
     .type = OPTION_FLAG,
     .target = &shared.progress,
     .free = true,
     .help = "bytes, rate and time left on standard error"},
    OPTION_END,
};
