/*
 * loop.h - the main loop's own: one struct holds a run, and is handed to the files of this room.
 *
 * The way of a record: intake.c finds its bounds in what input.c (source/) has read; framed.c takes
 * a frame off, translated.c makes events of another format; admission.c (admit/) judges the events
 * and hands them to the command; what the command prints goes to output. checkpoint.c keeps all
 * this over restarts; jobs.c and relay.c have several processes do it.
 */
#ifndef CS_LOOP_H
#define CS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/admission.h"
#include "admit/command.h"
#include "admit/stats.h"
#include "run/handover.h"
#include "run/notify.h"
#include "run/progress.h"
#include "run/saver.h"
#include "run/spool.h"
#include "source/input.h"
#include "source/position.h"
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
    int64_t updates_due_us; /* steady clock: when --emit=updates prints next */
    struct buffer json;     /* an event's text out of an envelope */
    struct buffer events;   /* those a translator has made of a record, one a line */
    struct progress progress;
    struct notify notify;
    int64_t paused_us; /* for so long the input has brought nothing */
    bool input_over;   /* all of it has been read, and no signal came before */
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
    } saved; /* as of the last save: nothing new is nothing to save */
    /* --jobs. */
    bool in_range;          /* this process reads ranges for the run */
    struct output handover; /* in a worker: what it passes on to the run */
    uint64_t members;       /* those the command asked for, a bit per slot */
    bool more_follows;      /* the inputs end where a range does: what --max-jump holds waits on */
};

/* Rows, rejects and late records go out. */
void loop_flush(struct loop *l);

#endif
