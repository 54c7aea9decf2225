/*
 * partition.h - event time: a watermark per partition, and the smallest of them.
 *
 * A partition's watermark is its largest event_time so far minus the lateness, and never moves
 * back. Events are judged by their own partition's watermark as it was before them; closing and
 * printing wait for the smallest over all partitions that count. A minimum over the partitions seen
 * so far would make thousands of on-time events late when one source runs ahead at start; so what
 * must come but has not yet (a FIFO, a partition named by --partitions) holds time back, until
 * --idle releases it. This is the watermark of the Dataflow model (Akidau et al., VLDB 2015) with a
 * fixed bound on disorder, generated per partition as Flink does.
 *
 * There may be a hundred thousand partitions, and the smallest watermark is asked for after every
 * batch: a heap has those that hold time back, each under what it said when it was looked at last.
 * A partition only ever moves on, so nothing is done when it does, and the one on top is looked at
 * again. For --idle they stand in two lists, in the order in which they were heard of last: of
 * those waited for, the first is the next to be released.
 *
 * The jump rule (--max-jump) lives here too: an event far ahead of its partition is held until the
 * next one shows whether time really moved.
 */
#ifndef CS_PARTITION_H
#define CS_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/jumps.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/instant.h"
#include "base/pack.h"
#include "base/table.h"

struct input;

struct partition {
    int64_t number; /* as in the frame; unframed inputs get 0, 1, ...; negative: stands for an input
                       that has brought nothing yet */
    int64_t largest_us;  /* event_time; TIME_NONE before the first event */
    int64_t heard_us;    /* clock.waited_us as of this one's last record */
    int64_t offset;      /* of the last record (framed), else -1 */
    int64_t offset_used; /* how many of that record's events were counted (several through --map) */
    bool released;       /* by --idle: does not hold time back until its next record */
    bool named;          /* by --partitions */
    int64_t end_us; /* the wall clock when kcat had come to its end; TIME_NONE: nobody said so since
                       the last record */
    int64_t before_us; /* largest_us as it was when the run began */
    bool ended; /* no more will come in this run, and without --state nothing is waited for */
    /* The event held by --max-jump. */
    bool holding;
    bool began;         /* a first event has been let through */
    int64_t held_us;    /* its event_time */
    struct id held_id;  /* its event_id, with --dedup; ID_NONE: has none */
    bool held_counted;  /* the record it came in has been counted already (--map made several events
                           of it) */
    struct buffer held; /* its line */
    int64_t held_offset;
    uint64_t held_line_number;
    const struct input *held_input;
    struct jumps jumps;         /* of a piece that is read as if it were the first (run/piece.h) */
    const struct input *source; /* the input whose last record said it is of this one, or NULL */
    /* For the clock. */
    int place;                         /* among its partitions */
    int heap_place;                    /* in its heap; -1: not there */
    int64_t known_us;                  /* largest_us or less: what the heap goes by */
    struct partitions *list;           /* where it stands; NULL: it has ended */
    struct partition *earlier, *later; /* in that list */
};

/* Partitions in the order in which they were heard of last. */
struct partitions {
    struct partition *first, *last;
};

/* All partitions of a run. */
struct clock {
    struct partition **partition; /* in no order until clock_sort; each keeps its address */
    int count, cap;
    int known; /* those that do not just stand for an input */
    int most;  /* of those, as far as records bring them; INT_MAX unless it is set */
    bool is_sorted;
    struct table numbers; /* from numbers to partitions */
    struct partition *
        *heap; /* of those waited for, and some that are not any more; as many as cap */
    int heap_count;
    struct partitions waiting, released; /* of those that have not ended */
    int64_t waited_us;                   /* for input, in all; for --idle */
    int64_t lateness_us;                 /* INT64_MAX: max */
    int64_t idle_us;                     /* 0: off */
    int64_t floor_us;                    /* the smallest watermark so far: never moves back */
    int64_t largest_us;                  /* over all partitions; TIME_NONE before the first event */
};

void clock_init(struct clock *clock, int64_t lateness_us, int64_t idle_us);
void clock_release(struct clock *clock);

/* The partition of that number, made when it is new. Its address stays good. */
struct partition *clock_partition(struct clock *clock, int64_t number);

/* Is there one of that number, be it only for an offset? */
bool clock_knows(const struct clock *clock, int64_t number);

/* The same for a record's partition: one not seen before is judged by the smallest watermark as it
 * was just before that record, however many records are looked at together. NULL: it would be one
 * more than clock.most. */
struct partition *clock_meet(struct clock *clock, int64_t number);

/* Forgets a partition: one that stood for an input until its first record. */
void clock_remove(struct clock *clock, struct partition *partition);

/* Puts clock->partition in the order of numbers. */
void clock_sort(struct clock *clock);

/* A record of the partition has come. */
void clock_hear(struct clock *clock, struct partition *partition);
static inline void clock_heard(struct clock *clock, struct partition *partition)
{
    if (__builtin_expect(partition->heard_us != clock->waited_us || partition->released, 0))
        clock_hear(clock, partition);
}

/* It ends, or does not after all. */
void clock_end(struct clock *clock, struct partition *partition);
void clock_reopen(struct clock *clock, struct partition *partition);

/* As before the first event. */
void clock_restart(struct clock *clock, struct partition *partition);

/* Is nobody waited for any more? */
static inline bool clock_all_released(const struct clock *clock)
{
    return clock->count != 0 && clock->waiting.first == NULL;
}

/* Has nothing come of it yet? */
bool partition_new(const struct partition *partition);

int64_t partition_number(const struct partition *partition);

/* A time minus the lateness. */
static inline int64_t clock_behind(const struct clock *clock, int64_t time_us)
{
    if (time_us == TIME_NONE || clock->lateness_us == INT64_MAX) return TIME_NONE;
    return time_us - clock->lateness_us;
}

/* The watermark that judges the partition's next event: its own, or the floor where --idle has
 * moved that above. */
static inline int64_t partition_watermark(const struct clock *clock,
                                          const struct partition *partition)
{
    const int64_t own = clock_behind(clock, partition->largest_us);
    return own > clock->floor_us ? own : clock->floor_us;
}

/* Notes an accepted event's time. */
static inline void partition_advance(struct clock *clock, struct partition *partition,
                                     int64_t time_us)
{
    if (time_us > partition->largest_us) partition->largest_us = time_us;
    if (time_us > clock->largest_us) clock->largest_us = time_us;
}

/* The smallest watermark now; moves the floor up to it. TIME_NONE: some partition has not begun. */
int64_t clock_watermark(struct clock *clock);

/* The tool has waited waited_us for input in vain: silent partitions grow older, and may be
 * released. */
void clock_waited(struct clock *clock, int64_t waited_us);

/* How long until the next release or move by --idle would happen, in microseconds; INT64_MAX:
 * never. */
int64_t clock_next_idle(const struct clock *clock);

/* The run begins: what has come of each partition is of earlier ones. */
void clock_begin(struct clock *clock);

/*
 * The input of a run with a state is over. Where event time can be, though partitions of which this
 * run has brought no event are further behind; TIME_NONE: nowhere else.
 *
 * All of them must have been read to their end, and then time goes as far as in the partition that
 * is furthest behind of those that brought events, but not beyond the wall clock as it was at those
 * ends, less the lateness. What comes into a silent partition later, comes at the time of the wall
 * clock: unless it has been under way for longer than the lateness, it is not late.
 */
int64_t clock_end_time(const struct clock *clock);

/* Adds the lines of --show-position, for framed ones: {"partition","offset","used"}. */
void clock_print(const struct clock *clock, struct buffer *out);

void clock_save(struct clock *clock, struct buffer *out);
bool clock_load(struct clock *clock, struct unpack *in);

#endif
