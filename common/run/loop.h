/*
 * loop.h - the main loop's own: one struct holds a run, and is handed to the files of this room.
 *
 * The way of a record: intake.c finds its bounds in what input.c (source/) has read; framed.c takes
 * a frame off, translated.c makes events of another format; admission.c (admit/) judges the events
 * and hands them to the command; what the command prints goes to output. checkpoint.c keeps all
 * this over restarts; jobs.c and relay.c have a crew of processes do it. What one of these files
 * alone has to remember, it keeps itself.
 */
#ifndef CS_LOOP_H
#define CS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/admission.h"
#include "admit/command.h"
#include "admit/stats.h"
#include "event/outline.h"
#include "run/handover.h"
#include "run/notify.h"
#include "run/progress.h"
#include "run/spool.h"
#include "source/frame.h"
#include "source/input.h"
#include "writer/mark.h"
#include "writer/output.h"
#include "writer/reject.h"

struct loop {
    const struct tool *tool;
    const struct analysis *analysis; /* what the tool has started */
    struct run run;
    struct inputs inputs;
    struct admission admission;
    struct stats stats;
    struct output output, rejects_output, late_output;
    struct buffer json;         /* an event's text out of an envelope */
    struct buffer events;       /* those a translator has made of a record, one a line */
    struct outline *outline;    /* of the only one of them, where it is known */
    const struct frame *framed; /* --kafka-members: the frame of the record that is taken */
    struct progress progress;
    struct notify notify;
    struct stats before; /* as earlier runs on the state have left them */
    struct buffer head;  /* how the first input begins, to look at when nothing of it was of use */
    const struct input *head_of;
    bool late_told;      /* that much is late */
    uint64_t passed_by;  /* records of offsets that their partitions were past already */
    bool unknown_inputs; /* one at least is of no format that is known, which was said */
    int foreign_told;    /* inputs of which it was said what they look like */
    int64_t paused_us;   /* for so long the input has brought nothing */
    /* --state. */
    struct spool spool;
    struct {
        struct mark output, rejects, late;
    } marks;              /* where the files were at the last save */
    bool resumed;         /* the run goes on with a state */
    int64_t saved_us;     /* wall clock: when it was saved last; 0: not yet */
    bool output_unknown;  /* the state knows nothing of a file that rows go to */
    uint64_t rows_before; /* printed by earlier runs */
    /* --jobs. */
    bool in_range;    /* this process reads ranges for the run */
    bool in_doubt;    /* where a range begins is for who has read the one before it to say */
    bool whole_files; /* ranges are of whole files: places are numbers of inputs */
    bool apart;       /* --range, --merge-partials: no process of a run reads the first range */
    /* In a worker: looks at what has been read, before it is taken; NULL: nobody does. */
    void (*look)(struct loop *l, const struct input *input);
    struct output handover; /* in a worker: what it passes on to the run */
    int64_t before_us;      /* the watermark before the range that the run takes */
    uint64_t members;       /* those the command asked for, a bit per slot */
    bool lined;             /* its expressions may look at the whole line */
    bool more_follows;      /* the inputs end where a range does: what --max-jump holds waits on */
};

/* Rows, rejects and late records go out. */
void loop_flush(struct loop *l);

#endif
