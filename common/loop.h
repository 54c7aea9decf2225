/*
 * loop.h - the main loop's own: everything commands do not see. Private to tool.c, intake.c and
 * checkpoint.c.
 *
 * One struct holds a run: intake.c takes what inputs bring through it, record by record, into
 * batches for the command; checkpoint.c keeps it over restarts; tool.c sets it up and goes round.
 */
#ifndef CS_LOOP_H
#define CS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "dedup.h"
#include "expr.h"
#include "handover.h"
#include "held.h"
#include "input.h"
#include "instant.h"
#include "notify.h"
#include "output.h"
#include "partition.h"
#include "position.h"
#include "progress.h"
#include "reject.h"
#include "saver.h"
#include "scan.h"
#include "spool.h"
#include "stats.h"
#include "command.h"

/* So many events are scanned, then looked up together: enough to hide the memory's latency, few
 * enough to stay in the first cache. */
#define BATCH_MAX 64

/* A record on its way: where it stood. */
struct origin {
    struct input *input;
    struct slice raw; /* the whole record, frame included */
    uint64_t line_number;
    int64_t partition; /* -1: not framed */
    int64_t offset;    /* -1: not framed */
    bool torn;         /* the input's last bytes, without a newline */
};

/* What is remembered of a batch's event beside the event itself. */
struct pending {
    struct event ev;
    struct slice came; /* its text, before the command has changed it */
    struct origin origin;
};

/* What became of the events of the record being translated. */
struct made_counts {
    uint64_t rejected, used, filtered, late, duplicate, held;
};

struct made {
    const struct origin *translating;
    struct made_counts made;
    bool same; /* it is one and the same record */
};

/* The main loop's own: everything commands do not see. */
struct loop {
    const struct tool *tool;
    struct run run;
    struct inputs inputs;
    struct clock clock;
    struct scanner *scanner;
    struct dedup dedup;
    struct expr **where;
    size_t where_count;
    int time_slot;
    uint64_t members;   /* those the command asked for, a bit per slot */
    int partition_slot; /* --merge: the member partition; else -1 */
    int final_slot;     /* rows as input: the member final; else -1 */
    struct output output, rejects_output, late_output;
    struct rejects rejects, late;
    struct stats stats;
    struct pending batch[BATCH_MAX + 1]; /* one to spare, for an event that was held back */
    struct value *values;                /* of the batch's events */
    const struct pending
        *accepted[BATCH_MAX + 1]; /* those of the batch the command will get, in order */
    int accepted_count;
    bool side_by_side;        /* the batch was scanned as a whole: its slots are taken */
    struct instant_near near; /* of the event before */
    int64_t now_us;           /* the wall clock at the last read */
    int64_t told_us;          /* the watermark the command was told last */
    int64_t updates_due_us;   /* steady clock: when --emit=updates prints next */
    struct buffer json;       /* an event's text out of an envelope */
    struct buffer events;     /* those a translator has made of a record, one a line */
    struct buffer detail;
    struct buffer plain; /* an event_id without its escapes */
    struct progress progress;
    struct notify notify;
    bool full; /* more than --max-keys or --max-memory: saved and ended as soon as the block is
                  done */
    /* --state. */
    bool resumed; /* there was one */
    struct saver saver;
    struct spool spool;
    struct positions positions;
    struct input earlier; /* stands for what an earlier run has read */
    struct {
        uint64_t output, rejects, late;
    } length;             /* of the files, as the state says */
    uint64_t rows_before; /* printed by earlier runs */
    struct {
        uint64_t read, rows;
        int64_t told_us;
    } saved;                          /* as of the last save: nothing new is nothing to save */
    const struct origin *translating; /* the record being translated, or NULL */
    struct made_counts made;          /* what became of its events */
    bool running;                     /* the batch is being handed over */
    /* --jobs. */
    struct output handover; /* in a worker: what it passes on to the run */
    uint64_t keys_most;     /* in a worker: the command's keys at the most */
    bool more_follows;      /* the inputs end where a range does: what --max-jump holds waits on */
};

/* What --max-keys bounds: the command's ids and groups, the ids of --dedup, and partitions, of
 * which there is always one. */
static inline uint64_t loop_keys(const struct loop *l)
{
    const int partitions = l->clock.known > 0 ? l->clock.known - 1 : 0;
    return l->run.counters.keys + l->dedup.ids.count + (uint64_t)partitions;
}

/* intake.c: takes what an input has brought, every complete record; at its end also the last one
 * without a newline. */
void intake_take(struct loop *l, struct input *input);

/* The time of the event on the line at text, without taking it; TIME_NONE: it has none, or one too
 * far ahead. Returns behind the line. */
const char *intake_peek(struct loop *l, const char *text, int64_t *time_us);

/* Takes what a worker has passed on; the lines of each input are counted from where the run is in
 * it. False: it is nonsense. */
bool intake_replay(struct loop *l, struct slice handed);

/* Hands the batch to the command, then tells it the watermark. */
void intake_run(struct loop *l);

/* Every event that --max-jump holds is right after all, or that partition's: nothing more can say
 * otherwise. */
void intake_release_all(struct loop *l);
void intake_release(struct loop *l, struct partition *partition);

/* The input's records belong to that partition from now on: what stood for it until its first one
 * is forgotten. */
void intake_join(struct loop *l, struct input *input, struct partition *partition);

/* Refuses a record. detail may be NULL. */
void intake_refuse(struct loop *l, enum reason reason, const char *detail,
                   const struct origin *origin);

/* tool.c: what the wall clock brings: saves, updates, figures asked for, progress. Returns how long
 * nothing more will be due, in microseconds. */
int64_t loop_tick(struct loop *l);

/* tool.c: rows, rejects and late records go out. */
void loop_flush(struct loop *l);

/* The counters brought together in l->stats. */
void loop_count(struct loop *l);

/* checkpoint.c, in the order in which a run calls it: takes the lock and reads the state; finds the
 * inputs' positions; takes the rest of the state. */
void checkpoint_open(struct loop *l);
void checkpoint_seek(struct loop *l);
void checkpoint_resume(struct loop *l);

/* Saves when it is time. Returns how long it will not be. */
int64_t checkpoint_tick(struct loop *l);

/* The last save of a run. */
void checkpoint_last(struct loop *l);

/* Ends the run, saved, when it is full: more is held than --max-keys or --max-memory allow. */
void checkpoint_full(struct loop *l);

/* After the last save: tells of the records that inputs ended in; the state knows nothing of them.
 */
void checkpoint_torn(struct loop *l);

/* --show-position: prints them and exits. */
_Noreturn void checkpoint_show(struct loop *l);

#endif
