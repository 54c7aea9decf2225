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
#include "window/window.h"
#include "writer/rows.h"

struct report {
    struct group_by by;
    struct aggregates aggregates;
    struct windows windows;
    int start, end, final; /* members of the rows; final is -1 when there is none */
    int group[GROUP_VALUES_MAX + 1];
    int aggregate[AGGREGATES_MAX];
    int end_slot;  /* --merge: of window_end in the rows read */
    int too_large; /* --by-partition: the member that names such sums; else -1 */
    char *total;   /* cells, where parts are added up */
    struct buffer total_text;
};

/* What is asked for; lists are those of --by and --agg. */
struct report_request {
    const struct option_list *by, *aggregates;
    const char *option; /* where the aggregates come from, for messages: "--agg" */
    int64_t size_us, slide_us, offset_us;
};

/* Compiles what is asked for, declares the rows' members, is ready for events and becomes
 * run->own. False: the reason is added to why as a phrase. The report stays where it is. */
bool report_init(struct report *report, struct run *run, const struct report_request *request,
                 struct buffer *why);

/* What a tool whose run->own is a report does with events, or with rows (--merge). */
const struct analysis *report_analysis(const struct run *run);

/* Gives the memory of run->own back. */
void report_release(struct run *run);

#endif
