/*
 * detector.h - windows one after the other, each compared with the baseline of its group.
 *
 * Values come in two ways, with an analysis for each. From windows of events: every window is
 * scored when it is done, the empty ones between them too, for every group that has a past. Or from
 * rows of cs-window and cs-funnel: each is scored as it comes.
 *
 * Silence costs nothing: a group whose whole baseline is 0 is dropped, and when none is left the
 * next window that is scored is the next one with an event. So the work is bounded by the events,
 * whatever their times.
 *
 * Where the events are cut by id, each part is counted by itself, and the windows are judged when
 * the parts are added up: detector_parts.c.
 *
 * A detector is run->own from detector_new on. Between that and detector_begin the command says
 * what is looked at: it fills by, and the one aggregate or the operand.
 */
#ifndef CS_DETECTOR_H
#define CS_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/pack.h"
#include "expr/operand.h"
#include "window/aggregate.h"
#include "window/baseline.h"
#include "window/group.h"
#include "window/heading.h"
#include "window/incident.h"
#include "window/usual.h"
#include "window/verdict.h"
#include "window/window.h"

struct scored; /* detector_inside.h */

/* Of a partition: where its events begin and end; --merge: as its rows have said so far. */
struct detector_part {
    int64_t number;
    int64_t first_us; /* INT64_MAX: nothing yet */
    int64_t last_us;  /* INT64_MIN: nothing yet */
};

/* --by-partition and --merge. */
struct detector_parts {
    bool prints, merges;
    bool opened;               /* where the events begin is printed */
    int too_large, partials;   /* members of the rows printed, -1: not there */
    int first, last;           /* likewise, always there */
    int first_slot, last_slot; /* --merge: of the same members in the rows read */
    struct detector_part *part;
    size_t count, now;
    int64_t first_us, last_us; /* --merge: of all partitions together */
    int64_t rows_us;           /* --merge: the largest start of a window that rows are of */
    struct window *whole; /* --merge: a window with its partitions added up; made when needed */
};

struct detector {
    struct run *run;
    struct group_by by;
    struct aggregates aggregates; /* of events: one, the value */
    struct operand operand;       /* of rows: the value */
    int end_slot, final_slot;     /* of rows: of these members */
    struct windows windows;       /* of events */
    struct buffer key;            /* of rows: the group's */
    int64_t size_us;
    int64_t span_us;      /* how far back windows matter */
    int64_t span_windows; /* how many there are in that time */
    struct usual_rule usual;
    struct verdict_rules rules;
    bool empty_is_0;          /* of events: what an empty window counts; else it has no value */
    uint64_t scored, too_few; /* values of this run, and those with too few windows before them */
    bool show_all, show_incidents;
    /* Of this run: values that could be compared with enough windows, and those that could not; and
     * how many windows that took. */
    uint64_t compared, not_compared;
    int64_t needed;
    struct baseline baseline;

    /* Which window is scored next. */
    bool begun;       /* one has been scored: next_us stands */
    int64_t first_us; /* the first that is in a baseline */
    int64_t next_us;  /* its start */
    int64_t swept_us; /* of rows: the event time at which series were last looked through */

    /* Members of the rows. */
    struct heading heading;
    int value, average, percent, alert, direction, state, incident_start, peak, lasted, partial;

    struct scored *list; /* what is to be printed of a window */
    size_t count, cap;

    struct detector_parts parts;

    struct buffer kept; /* a range of --jobs: windows that are done */
    uint64_t kept_count;
};

/* What is asked for. */
struct detector_request {
    struct slice value, average; /* what they are called in the rows */
    int64_t size_us;
    struct usual_rule usual;
    struct verdict_rules rules;
    bool show_all;
    bool show_incidents; /* rows where incidents start and end, instead of all alerts */
};

/* A detector that looks at nothing yet; it becomes run->own. */
struct detector *detector_new(struct run *run);

/* Of rows: asks for the members they are known by. False: the reason is added to why. */
bool detector_rows(struct detector *detector, struct slice operand, struct buffer *why);

/* Is the value a count of events or ids? Of rows that is not known. */
bool detector_counts(const struct detector *detector);

/* Declares the rows' members, and is ready. False: two have the same name, which is added to why as
 * a phrase. */
bool detector_begin(struct detector *detector, const struct detector_request *request,
                    struct buffer *why);

/* What a tool whose run->own is a detector does with events, or with rows. */
extern const struct analysis detector_of_events;
extern const struct analysis detector_of_rows;

/* With events where the windows are counted and not judged (--by-partition), and with the rows
 * printed by that (--merge). */
extern const struct analysis detector_of_parts;
extern const struct analysis detector_of_part_rows;

/* Gives the detector back. */
void detector_release(struct run *run);

#endif
