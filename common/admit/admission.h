/*
 * admission.h - from a scanned event to the command: is it valid, is its time one that can be, was
 * it passed before, does --where select it?
 *
 * Admission is a list of stages (admission.c: struct stage), each with what it keeps over restarts;
 * a run goes through those that have something to do in it. An event that no stage has stopped is
 * accepted into the batch (batch.h). Most runs need only the stages that look at a time, and most
 * events are of about the time of the one before: they go the short way, which does the same.
 *
 * Nothing here knows options or files of state: the main loop sets the fields below, then calls
 * admission_begin.
 */
#ifndef CS_ADMISSION_H
#define CS_ADMISSION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admit/batch.h"
#include "admit/command.h"
#include "admit/dedup.h"
#include "admit/fate.h"
#include "admit/partition.h"
#include "admit/wallclock.h"
#include "base/buffer.h"
#include "base/instant.h"
#include "base/pack.h"
#include "event/outline.h"
#include "event/scan.h"
#include "event/witness.h"
#include "expr/expr.h"
#include "source/input.h"

struct stage;

#define ADMISSION_STAGES_MAX 8

struct admission {
    /* Set by the main loop. */
    const struct analysis *analysis;
    struct run *run;
    struct inputs *inputs;
    struct scanner *scanner;
    struct instant_format time; /* how times stand in the input */
    const char *time_field;
    int time_slot;
    int partition_slot; /* --merge: the member partition; else -1 */
    int final_slot;     /* rows as input: the member final; else -1 */
    int64_t max_jump_us;
    struct expr **where; /* owned */
    size_t where_count;
    void (*flush)(void *context);             /* before the run ends here: rows go out */
    const volatile sig_atomic_t *stop_signal; /* not 0: the run is to end soon */
    void *context;

    struct clock clock;
    struct dedup dedup;
    struct wallclock wallclock;
    struct fates fates;
    struct batch batch;
    struct witness witness;

    /* Its own. */
    const struct stage *stage[ADMISSION_STAGES_MAX]; /* those that have something to do */
    int stages;
    bool ids_ahead;           /* the ids of the batch's events are known, with --dedup */
    int passed;               /* the first of them behind what a held event has passed already */
    bool fast_path;           /* all of them are on it: they look only at times */
    struct instant_near near; /* of the event before */
    struct buffer detail;
    struct buffer plain; /* a text without its escapes */
};

/* All is set: finds out which stages there are. */
void admission_begin(struct admission *a);
void admission_end(struct admission *a);

/* Takes one event's JSON text, which ends in a newline with padding behind; returns behind it.
 * Where the outline is known, the text need not be scanned, and it is good until the next one; else
 * NULL. */
const char *admission_event(struct admission *a, const char *text, struct outline *outline,
                            const struct origin *origin, struct partition *partition);

/* The same, unless the text is no JSON object: false, and nothing has been done. */
bool admission_object(struct admission *a, const char *text, const struct origin *origin,
                      struct partition *partition);

/* Takes the lines from p to stop, none of them framed or too long: scanned side by side, then
 * judged in order; input->lines counts them. Returns behind the last one taken: a signal may come
 * first. */
const char *admission_lines(struct admission *a, struct input *input, const char *p,
                            const char *stop);

/* Would the event at text be refused, as far as can be told without the others? Delivers nothing;
 * detail in a->detail, empty where there is nothing more to say. */
enum reason admission_check(struct admission *a, const char *text, const struct origin *origin);

/* Is there an event, and not less, on the line at text? */
bool admission_whole(struct admission *a, const char *text);

/* The time of the event on the line at text, without taking it; TIME_NONE: it has none, or one too
 * far ahead. Returns behind the line. */
const char *admission_peek(struct admission *a, const char *text, int64_t *time_us);

/* The event that --max-jump holds is right after all, or that of every partition: nothing more can
 * say otherwise. */
void admission_release(struct admission *a, struct partition *partition);
void admission_release_all(struct admission *a);

/* The i-th stage that keeps something over restarts, in a fixed order; false: there are no more. */
struct stage_state {
    const char *name;
    void (*save)(const struct admission *a, struct buffer *out);
    bool (*load)(struct admission *a, struct unpack *in); /* false: invalid */
};

bool admission_state(size_t i, struct stage_state *state);

#endif
