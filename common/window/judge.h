/*
 * judge.h - windows one after the other, each compared with the baseline of its group.
 *
 * Values come in two ways. From windows of events: every window is judged when it is done, the
 * empty ones between them too, for every group that has a past. Or from rows: each is judged as it
 * comes.
 *
 * Silence costs nothing: a group whose whole baseline is 0 is dropped, and when none is left the
 * next window that is judged is the next one with an event. So the work is bounded by the events,
 * whatever their times.
 */
#ifndef CS_JUDGE_H
#define CS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/pack.h"
#include "window/baseline.h"
#include "window/group.h"
#include "window/window.h"

/* A value with its verdict, as it is printed. */
struct judged {
    const struct series *series;
    int64_t start_us, end_us;
    bool has_value;
    decimal value;
    struct verdict verdict;
    bool alert;
    bool partial; /* the window may not be over: not judged */
};

struct judge {
    struct run *run;
    struct windows *windows;   /* borrowed; their one aggregate is the value */
    const struct group_by *by; /* borrowed */
    int64_t size_us, baseline_us;
    int64_t reach; /* windows in a whole baseline */
    decimal threshold;
    bool show_all;
    struct baseline baseline;

    /* Which window is judged next. */
    bool begun;       /* one has been judged: next_us stands */
    int64_t first_us; /* the first that is in a baseline */
    int64_t next_us;  /* its start */
    int64_t swept_us; /* rows: the event time at which series were last looked through */

    /* Members of the rows. */
    int start, end, group[GROUP_VALUES_MAX], value, average, percent, alert, direction, partial;

    struct judged *list; /* what is to be printed of a window */
    size_t count, cap;

    struct buffer kept; /* a range of --jobs: windows that are done */
    uint64_t kept_count;
};

/* Takes size and group from windows. */
void judge_init(struct judge *judge, struct windows *windows, int64_t baseline_us,
                decimal threshold, bool show_all);
void judge_release(struct judge *judge);

/* Declares the members of the rows. False: two have the same name, which is added to why as a
 * phrase. */
bool judge_declare(struct judge *judge, struct slice name, struct slice average,
                   struct buffer *why);

/* Judges every window that the watermark has closed. */
void judge_advance(struct judge *judge, int64_t watermark_us);

/* The end: shows what is open, with show_all, and forgets it. */
void judge_finish(struct judge *judge);

/* Judges one row of the group with that key; says whether it came in time. */
enum fate judge_row(struct judge *judge, struct slice key, struct judged one, int64_t watermark_us);

/* Rows: forgets groups that no row still in time can be compared with. For whenever the watermark
 * has moved. */
void judge_sweep(struct judge *judge, int64_t watermark_us);

void judge_save(struct judge *judge, struct buffer *out);
bool judge_load(struct judge *judge, struct unpack *in);

#endif
