/*
 * command.h - what a command is: a struct tool, the analysis it starts, and the run it is part of.
 *
 * A command is its options and a few functions. The main loop (run/tool.h) reads, scans, judges
 * (duplicates, rejects, event time, --where), flushes when it would have to wait, handles signals,
 * opens and saves the state, and knows the wall clock; an analysis sees only valid events with
 * their time, and watermarks. A command that does one of several things, as its options say, has an
 * analysis for each, and start chooses.
 *
 * Order of calls:
 *     settle     once, when the options are read: gives those of the command that depend on others
 *                their values; no option changes after it
 *     start      once, after that
 *     load       at most once, on a saved state
 *     amend      for each event as it came, before it is judged
 *     hint       for each event of a batch, before any of the batch is handed to event
 *     event      for each event that passed; says what became of it
 *     advance    when the smallest watermark has moved: close and print what is due
 *     pause      when the input has brought nothing for a moment: print what only waits for time to
 *                move on from where it is
 *     updates    --emit=updates: print what has changed since the last call
 *     save       any time between events
 *     finish     once, when nothing may stay open: close and print all (with --state, only if
 *                --flush is given and the input has ended)
 *     end        once, the last: nothing comes any more in this run
 * advance may come later than the watermark moved: up to a batch of events may lie between. An
 * analysis must print the same bytes anyway (see window.h, session.h for how). An event is never
 * handed to it before its own partition's watermark (ev->watermark_us); what advance is told is
 * never above that.
 */
#ifndef CS_COMMAND_H
#define CS_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/misnumber.h"
#include "base/buffer.h"
#include "base/option.h"
#include "base/pack.h"
#include "event/event.h"
#include "event/outline.h"
#include "event/reason.h"
#include "event/schema.h"
#include "writer/rows.h"

enum fate {
    FATE_USED,
    FATE_LATE,     /* nothing it could still belong to is open */
    FATE_NO_ID,    /* cs-sessionize, cs-abandon: an event without an id */
    FATE_FILTERED, /* outside what was asked for (cs-abandon --at) */
    FATE_BEHIND,   /* --merge: a row that belongs before what has been printed */
    FATE_DEFERRED, /* in a range of --jobs: it may have to do with what earlier ranges hold */
};

/* What the common options mean for a run, for commands that have to look. Durations in
 * microseconds. */
struct settings {
    int64_t lateness_us;    /* INT64_MAX: max */
    int64_t idle_us;        /* 0: off */
    bool has_state;         /* --state is given */
    const char *time_field; /* the member that holds the time */
    const char *tz;         /* --tz; NULL: not given */
    bool by_partition;      /* rows, groups and keys get the partition */
    bool merge;             /* the input is rows of this tool, not events */
    bool sorted;            /* with merge: each input in the order of its rows (TOOL_SORTS) */
    bool partitions;        /* --partitions says which will come */
    bool interleave;        /* regular files side by side: --interleave, or --merge */
    bool updates;           /* --emit=updates */
    bool apart; /* ranges are handed over in files that are mapped until the run's end */
    bool rows;  /* set by settle: the input is rows of cs-window or cs-funnel; window_start is the
                   time */
    int64_t max_keys;
};

/* Counters that commands keep; the rest is counted by the loop. */
struct counters {
    uint64_t late_windows; /* windows missed by events that were used all the same */
    uint64_t expired;      /* cs-abandon: alerts past --until */
    uint64_t not_numbers;  /* values skipped by sum and avg */
    uint64_t too_large;    /* values of rows too large to be printed or compared */
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
    /* Is an input that begins with head of no format that is known? Adds why, as a phrase. */
    bool (*unknown)(void *self, struct slice head, struct buffer *why);
    /* Says head, of an input that has not ended, too little of what it is to begin? */
    bool (*waits)(void *self, struct slice head);
    /* Is the line a record as it stands, though it looks like a frame around one? */
    bool (*whole)(void *self, struct slice line);
    /* Do the records of an input that begins with head need no line ends? begin gives a reading
     * then. */
    bool (*lineless)(void *self, struct slice head);
    /* Do the records of an input that begins with head begin behind line ends, and is no more to be
     * known of what stands before one than the head tells? 0: no; else which kind of record.
     * settle: so it is with all inputs, and begin is to look at no head any more. */
    int (*by_line)(void *self, struct slice head, bool settle);
    /* Now that it is settled: may line ends stand within records, too, so that which of them end
     * one is known for sure only to who has read all before it? */
    bool (*in_doubt)(void *self);
    /* An input that begins with head is to be read from its middle on: its reading, or NULL, as
     * begin has it, but that nothing is said. */
    void *(*go_on)(void *self, struct slice head);
    /* Behind which line end in data..end a record may well begin; NULL: there is none. */
    const char *(*guess)(void *reading, const char *data, const char *end);
    /* The end of the first record in data..end (behind its line end), or NULL when it is not
     * complete there; final: nothing will follow. Not asked where records are framed: a record is a
     * frame's payload then. */
    const char *(*split)(void *reading, const char *data, const char *end, bool final);
    /* The input has ended: NULL, or what it lacks, as a phrase. */
    const char *(*lacks)(const void *reading);
    /* Hands each event's JSON text to emit (none for a header line, *header then says so), with its
     * outline where it is known. On a reason other than REASON_NONE, detail says more. */
    enum reason (*translate)(void *reading, struct slice record,
                             void (*emit)(void *context, struct slice json,
                                          struct outline *outline),
                             void *context, bool *header, struct buffer *detail);
    /* translate will be called for the records in data..end, as split finds them: the next ones may
     * be looked at together. Returns behind the last of these. NULL: nothing is gained by it. */
    const char *(*ahead)(void *reading, const char *data, const char *end, bool final);
    /* As translate, for a framed record, which may hold line ends, and be several. */
    enum reason (*payload)(void *reading, struct slice record,
                           void (*emit)(void *context, struct slice json, struct outline *outline),
                           void *context, bool *header, struct buffer *detail);
    /* The input ends in this, without a line end behind it: says it by itself that it is whole, so
     * that nothing can follow that belongs to it? */
    bool (*closed)(const void *reading, struct slice record);
    /* What an input that begins with head is taken for, as --from calls it. */
    const char *(*called)(void *self, struct slice head);
    /* What is known of the input, over restarts; and a reading that goes on there, or NULL, as
     * begin has it. What was saved of an input without a reading is nothing. Invalid: in->broken.
     */
    void (*save)(const void *reading, struct buffer *out);
    void *(*load)(void *self, struct unpack *in);
    /* The run ends. */
    void (*end)(void *reading);
};

struct inputs;

/* The run a command is part of. */
struct run {
    const struct translator *translator; /* set by start; NULL: records are JSON events */
    void *own;                           /* the command's; set by its start */
    struct schema schema;
    struct rows *rows;
    struct inputs *inputs; /* open when the first event comes */
    struct settings settings;
    struct counters counters;
    struct misnumbers misnumbers; /* that command and loop have met */
    int64_t first_time_us; /* the smallest event_time of an event that was not behind its watermark,
                              before --where; INT64_MAX before the first */
    int64_t behind_time_us; /* the largest event_time so far when first an event was behind its
                               watermark; INT64_MAX before */
    int64_t finished_us;   /* set by finish: what it has closed is closed for good, so event time is
                              there now (--flush, and then more); INT64_MIN: nothing */
    const char *cut_short; /* set before finish: why not all of the input was read, as a sentence
                              without its full stop; NULL: all was */
    const char *fault;   /* what is wrong with a member that amend refuses; NULL: nothing to add */
    bool failed;         /* set by end, which has said why: exit 1 */
    int64_t end_time_us; /* the largest event_time so far; INT64_MIN before the first */
};

enum tool_flags {
    TOOL_WINDOWS = 1,     /* rows of one window come together: --order-by, --top have a meaning */
    TOOL_MERGES = 2,      /* --by-partition and --merge */
    TOOL_ALL_MEMBERS = 4, /* cs-parse: every member as it stands in the line; one event a batch */
    TOOL_NO_TIME_RULES =
        8, /* cs-parse: nothing is late, and --max-ahead and --max-jump are off unless asked for */
    TOOL_EVENTS = 16,   /* cs-parse, cs-identify: rows are events, and --key names their members */
    TOOL_UPDATES = 32,  /* rows have a meaning before they are final: --emit=updates */
    TOOL_COLLECTS = 64, /* cs-collect: records come by other ways than inputs; see common_options.c
                           for the options it has */
    TOOL_SORTS = 128,   /* --merge: rows of several runs are brought into the order of one */
};

/*
 * --jobs: what an analysis does when files are read in contiguous ranges by several processes. The
 * first range is the run's own; each other one is read by a process that knows of what came before
 * only how far event time had come. What it cannot decide it leaves to the run (FATE_DEFERRED);
 * what it has open at its end it hands over, and the run adds that to its own.
 */
struct ranges {
    bool singly; /* what becomes of an event depends on no other: ranges may be small */
    bool bulky;  /* what a range hands over is about as large as what it reads */
    /* For how long, in microseconds of event time, what was there before a range may matter in it;
     * INT64_MAX: for ever. NULL: what is open at the border is all. */
    int64_t (*reach)(const struct run *run);
    /* This process reads a range. border_us is the largest event_time before it: what begins at or
     * before that may hold events of an earlier range, and stays open; INT64_MAX: anything may.
     * NULL: nothing of the kind. */
    void (*begin)(struct run *run, int64_t border_us);
    /* At the end of a range: packs what is open, in any order. NULL: there is nothing. */
    void (*hand_over)(struct run *run, struct buffer *out);
    /* In the run: takes a range's rows, to put them between its own, and what hand_over has packed
     * about them. NULL: they are printed as they come. The rest is added when time has come to the
     * end of the range. False: invalid. */
    bool (*weave)(struct run *run, struct slice rows, struct unpack *in);
    /* In the run: adds what hand_over has packed. Where that lasts (settings.apart) it may be left
     * where it is until it is needed. False: invalid. */
    bool (*add)(struct run *run, struct unpack *in);
    /* In the run: it reads the next range itself, which cannot wait for what was left where it is.
     * NULL: nothing is. False: that is invalid. */
    bool (*again)(struct run *run);
};

/* What becomes of events. All are optional but event. */
struct analysis {
    /* Right after scanning and reading the time, before anything judges the event: changes it, or
     * refuses it. */
    enum reason (*amend)(struct run *run, struct event *ev);
    void (*hint)(struct run *run, struct event *ev);
    /* Where an expression runs in libjq: these are the next that event will be called for, so that
     * it can be asked about all of them at once; of none: they are done. */
    void (*ahead)(struct run *run, const struct event *const *events, size_t count);
    enum fate (*event)(struct run *run, const struct event *ev);
    /* Framed records: all before that offset of the partition have been handed over, or will not
     * be; is_end: it is where kcat saw the end of the log. */
    void (*passed)(struct run *run, int64_t partition, int64_t offset, bool is_end);
    void (*advance)(struct run *run, int64_t watermark_us);
    void (*pause)(struct run *run);
    void (*updates)(struct run *run);
    void (*flush)(struct run *run); /* output is about to go out: prints what it holds back */
    void (*finish)(struct run *run);
    void (*end)(struct run *run); /* after finish, or without it; the state is saved */
    /* The same bytes for the same state. Loaded once, before any event; false: invalid. NULL: the
     * tool keeps no state. */
    void (*save)(struct run *run, struct buffer *out);
    bool (*load)(struct run *run, struct unpack *in);
    void (*stats)(struct run *run, struct buffer *out);   /* further ,"name":number of --stats */
    void (*explain)(struct run *run, struct buffer *out); /* lines of --explain */
    const struct ranges *ranges;                          /* NULL: one job reads all */
};

struct tool {
    const char *name;    /* "cs-funnel" */
    const char *summary; /* for --help and the manual: what it does, one line */
    const struct option_row *options;
    unsigned flags;                            /* enum tool_flags */
    void (*settle)(struct settings *settings); /* optional */
    /* Checks combinations of options (die_usage), compiles expressions, asks for what is read
     * (schema_need), declares the rows' members. Returns what is to be done with events. */
    const struct analysis *(*start)(struct run *run);
    void (*release)(struct run *run); /* gives all memory back: leak checkers look */
};

#endif
