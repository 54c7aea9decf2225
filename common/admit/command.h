/*
 * command.h - what a command is: a struct tool, and the run it is part of.
 *
 * A command is its options and a few functions. The main loop (run/tool.h) reads, scans, judges
 * (duplicates, rejects, event time, --where), flushes when it would have to wait, handles signals,
 * opens and saves the state, and knows the wall clock; a command sees only valid events with their
 * time, and watermarks.
 *
 * Order of calls:
 *     settle     once, when the options are read: give those of the command that depend on others
 *                their values; no option changes after it (optional)
 *     start      once, after the options are settled: check combinations (die_usage), compile
 *                expressions, schema_need what is read, declare the rows' members
 *     load       on a saved state, before the first event; with --jobs also for each range, whose
 *                save it gets, in the order of the ranges
 *     range      in a process that reads ranges of --jobs, before each of them (optional)
 *     amend      for each event as it came, before it is judged (optional)
 *     hint       for each event of a batch, before any of the batch is handed to event (optional)
 *     event      for each event that passed; says what became of it
 *     advance    when the smallest watermark has moved: close and print what is due
 *     updates    --emit=updates: print what has changed since the last call
 *     take       --jobs: the rows of a range, before what it has left to this run (optional)
 *     save       any time between events
 *     finish     once, when nothing may stay open: close and print all (with --state, only if
 *                --flush is given and the input has ended)
 * advance may come later than the watermark moved: up to a batch of events may lie between. A
 * command must print the same bytes anyway (see window.h, session.h for how). An event is never
 * handed to a command before its own partition's watermark (ev->watermark_us); what advance is told
 * is never above that.
 */
#ifndef CS_COMMAND_H
#define CS_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/option.h"
#include "base/pack.h"
#include "event/event.h"
#include "event/reason.h"
#include "event/schema.h"
#include "writer/rows.h"

enum fate {
    FATE_USED,
    FATE_LATE,     /* nothing it could still belong to is open */
    FATE_NO_ID,    /* cs-sessionize, cs-abandon: an event without an id */
    FATE_FILTERED, /* outside what was asked for (cs-abandon --at) */
    FATE_LEFT,     /* in a range of --jobs: it may have to do with what earlier ranges hold */
};

/* What the common options mean for a run, for commands that have to look. Durations in
 * microseconds. */
struct settings {
    int64_t lateness_us; /* INT64_MAX: max */
    int64_t idle_us;     /* 0: off */
    bool has_state;      /* --state is given */
    bool by_partition;   /* rows, groups and keys get the partition */
    bool merge;          /* the input is rows of this tool, not events */
    bool updates;        /* --emit=updates */
    bool rows; /* set by settle: the input is rows of cs-window or cs-funnel; window_start is the
                  time */
    int64_t max_keys;
};

/* Counters that commands keep; the rest is counted by the loop. */
struct counters {
    uint64_t late_windows; /* windows missed by events that were used all the same */
    uint64_t expired;      /* cs-abandon: alerts past --until */
    uint64_t not_numbers;  /* values skipped by sum and avg */
    uint64_t keys;         /* ids and groups held now: compared with --max-keys after each batch */
};

/* Raw records that are not yet JSON events: CSV rows, log lines, what --map turns into several
 * events. Several inputs may be read at once (FIFOs, --interleave), so what is known of one, its
 * header line for example, is kept apart: that is its reading. */
struct translator {
    void *self;
    /* An input begins with head, at least one line (the first payload where records are framed).
     * Returns its reading; NULL: the records are JSON events already, and the loop reads them
     * itself. */
    void *(*begin)(void *self, struct slice head);
    /* The end of the first record in data..end (behind its line end), or NULL when it is not
     * complete there; final: nothing will follow. Not asked where records are framed: a record is a
     * frame's payload then. */
    const char *(*split)(void *reading, const char *data, const char *end, bool final);
    /* Hands each event's JSON text to emit (none for a header line, *header then says so). On a
     * reason other than REASON_NONE, detail says more. */
    enum reason (*translate)(void *reading, struct slice record,
                             void (*emit)(void *context, struct slice json), void *context,
                             bool *header, struct buffer *detail);
    /* The run ends. */
    void (*end)(void *reading);
};

/* The run a command is part of. */
struct run {
    const struct translator *translator; /* set by start; NULL: records are JSON events */
    void *own;                           /* the command's; set by its start */
    struct schema schema;
    struct rows *rows;
    struct settings settings;
    struct counters counters;
    int64_t first_time_us; /* the smallest event_time of an event that was not behind its watermark,
                              before --where; INT64_MAX before the first */
    int64_t finished_us;   /* set by finish: what it has closed is closed for good, so event time is
                              there now (--flush, and then more); INT64_MIN: nothing */
    int64_t border_us; /* --jobs: what begins at or before it may hold events of an earlier range,
                          and stays open; INT64_MIN: nothing; INT64_MAX: anything */
    int64_t reach_us;  /* set by start: for how long what was there before a range may matter in
                          it (--jobs); 0 for what looks at border_us only */
    bool in_range;     /* --jobs: this process reads ranges for the run, and does not know what came
                          before; what it saves is for the run only, in any order */
    int64_t end_time_us; /* the largest event_time so far; INT64_MIN before the first */
    bool unamended;      /* set by start: with these options amend has nothing to do */
};

enum tool_flags {
    TOOL_WINDOWS =
        1, /* rows of one window come together: --order-by, --top, --emit=updates have a meaning */
    TOOL_MERGES = 2,      /* --by-partition and --merge */
    TOOL_ALL_MEMBERS = 4, /* cs-parse: every member as it stands in the line; one event a batch */
    TOOL_NO_TIME_RULES =
        8, /* cs-parse: nothing is late, and --max-ahead and --max-jump are off unless asked for */
    TOOL_SINGLY = 16, /* what it makes of an event depends on no other */
    TOOL_BULKY = 32,  /* what a range of --jobs hands over is about as large as what it reads */
};

struct tool {
    const char *name;    /* "cs-funnel" */
    const char *summary; /* for --help and the manual: what it does, one line */
    const struct option_row *options;
    unsigned flags; /* enum tool_flags */
    void (*settle)(struct settings *settings);
    void (*start)(struct run *run);
    void (*range)(struct run *run); /* optional: this is a range of --jobs, and border_us is set */
    enum reason (*amend)(
        struct run *run,
        struct event *ev); /* optional: right after scanning and reading the time, before
                            anything judges the event: change it, or refuse it */
    void (*hint)(struct run *run, struct event *ev);
    enum fate (*event)(struct run *run, const struct event *ev);
    void (*advance)(struct run *run, int64_t watermark_us);
    void (*updates)(struct run *run);
    void (*finish)(struct run *run);
    void (*save)(struct run *run,
                 struct buffer *out); /* the same bytes for the same state, unless in_range */
    bool (*take)(struct run *run, struct slice rows,
                 struct unpack *in); /* optional: the rows of a range, which the command puts
                                        between its own, with what its save begins with. The rest is
                                        loaded when time has come to the end of the range. */
    bool (*load)(struct run *run, struct unpack *in); /* adds to what is there; false: senseless */
    void (*stats)(struct run *run,
                  struct buffer *out); /* optional: further ,"name":number members for --stats */
    void (*explain)(struct run *run, struct buffer *out); /* lines of --explain */
    void (*release)(struct run *run); /* give all memory back: leak checkers look */
};

#endif
