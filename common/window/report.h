/*
 * report.h - the rows of cs-window and cs-funnel: window_start, window_end, the group, the
 * aggregates.
 *
 * One row per group, groups in the order of their values. With --merge, groups that differ in the
 * partition only are added up to one row. With --emit=updates the last member is "final".
 */
#ifndef CS_REPORT_H
#define CS_REPORT_H

#include <stdbool.h>

#include "admit/command.h"
#include "base/buffer.h"
#include "base/option.h"
#include "window/aggregate.h"
#include "window/group.h"
#include "window/heading.h"
#include "window/window.h"
#include "writer/rows.h"

struct report {
    struct group_by by;
    struct aggregates aggregates;
    struct windows windows;
    struct heading heading;
    int final; /* member of the rows; -1: there is none */
    int aggregate[AGGREGATES_MAX];
    int extra[AGGREGATES_MAX]; /* its second member; -1: it has none */
    int end_slot;              /* --merge: of window_end in the rows read */
    int too_large;             /* --by-partition: the member that names such sums; else -1 */
    int partials; /* --by-partition: what is saved of those that cannot be added up; else -1 */
    char *total;  /* cells, where parts are added up */
    struct buffer total_text;
    bool is_whole; /* of a window all groups are needed at once, or in the order of events */
};

/* What is asked for; lists are those of --by and --agg. */
struct report_request {
    const struct option_list *by, *aggregates;
    const struct option_list *having; /* NULL: nothing is asked */
    const char *option;               /* where the aggregates come from, for messages: "--agg" */
    int64_t size_us, slide_us, offset_us;
    const struct span *span; /* windows by the calendar, borrowed; NULL: of size_us */
};

/* Makes a report that is ready for events, and run->own: compiles what is asked for, and declares
 * the rows' members. False: the reason is added to why as a phrase; it has to be released all the
 * same. */
bool report_init(struct run *run, const struct report_request *request, struct buffer *why);

/* What a tool whose run->own is a report does with events, or with rows (--merge). */
const struct analysis *report_analysis(const struct run *run);

/* Gives the report back. */
void report_release(struct run *run);

#endif
