/*
 * fate.h - what becomes of each record, counted once, and told where nobody should miss it.
 *
 * A record is duplicate, rejected, filtered, late or used (stats.h). A record in a raw format may
 * be several events: while they are taken, their fates are counted apart, and the record then has
 * the one that says most (fates_record_end). An event that --max-jump holds meets its fate later,
 * as that of the record it came in.
 */
#ifndef CS_FATE_H
#define CS_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/partition.h"
#include "admit/stats.h"
#include "base/slice.h"
#include "event/event.h"
#include "event/reason.h"
#include "source/input.h"
#include "writer/reject.h"

/* Where a record stood. */
struct origin {
    struct input *input;
    struct slice raw; /* the whole record, frame included */
    uint64_t line_number;
    int64_t partition; /* -1: not framed */
    int64_t offset;    /* -1: not framed */
    bool torn;         /* the input's last bytes, without a newline */
};

/* The fates of a record's events. */
struct fate_counts {
    uint64_t rejected, used, filtered, late, duplicate, held;
    bool left; /* for the next run: the record is not counted */
};

struct fates {
    struct stats *stats; /* the main loop's */
    struct rejects rejects, late;
    const struct inputs *inputs;
    const char *time_field; /* for what is said about times */
    bool has_state;
    void (*stop)(void *context); /* --strict: ends the run; NULL: goes on */
    void *context;
    const struct origin *translating; /* the record whose events are taken, or NULL */
    struct fate_counts made;          /* what became of them so far */
};

/* With --state: does the next run read again what has no position behind it in this input? */
bool fates_come_again(const struct fates *fates, const struct input *input);

/* What an input ends in may be whole when the next run, with --state, reads it again: then it is
 * only noted (input->torn), and told of after the last save. True: so it is with this record, which
 * is not counted as read. */
bool fates_leave_torn(struct fates *fates, enum reason reason, const struct origin *origin);

/* The record, or the event of a record that is being translated, is refused. detail may be NULL.
 * What was accepted before must have been delivered (batch_refuse does). */
void fates_refuse(struct fates *fates, enum reason reason, const char *detail,
                  const struct origin *origin);

/* The event came too late for its partition's watermark. */
void fates_late(struct fates *fates, const struct event *ev, const struct origin *origin);

static inline void fates_used(struct fates *fates)
{
    ++*(fates->translating == NULL ? &fates->stats->used : &fates->made.used);
}

static inline void fates_filtered(struct fates *fates)
{
    ++*(fates->translating == NULL ? &fates->stats->filtered : &fates->made.filtered);
}

static inline void fates_duplicate(struct fates *fates)
{
    ++*(fates->translating == NULL ? &fates->stats->duplicate : &fates->made.duplicate);
}

/* The events taken until fates_record_end are those of one record. */
void fates_record_begin(struct fates *fates, const struct origin *origin);
void fates_record_end(struct fates *fates);

/* Between these, what happens is the fate of the event that the partition holds, which stood at
 * origin, and not of the record being translated. */
struct fates_aside {
    const struct origin *translating;
    struct fate_counts made;
    bool same; /* it is one and the same record */
};

struct fates_aside fates_held_begin(struct fates *fates, const struct partition *partition,
                                    const struct origin *origin);
void fates_held_end(struct fates *fates, const struct fates_aside *aside);

#endif
