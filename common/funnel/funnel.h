/*
 * funnel.h - the rows of an ordered funnel: how many ids got how far, by window and group.
 *
 * A window is done when the watermark is past its end by as long as an attempt may take: then every
 * attempt that began in it is over. Until then the touches of its ids are kept (trail.h); when it
 * is done they are judged (attempt.h), the verdicts added up (tally.h) and printed.
 *
 * An event is late for a window that its own partition's watermark has closed; for windows that are
 * still open it counts. With drops, which are said as soon as they are certain, it is late as soon
 * as it is behind its watermark.
 */
#ifndef CS_FUNNEL_H
#define CS_FUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/buffer.h"
#include "base/option.h"
#include "base/slice.h"

/* What is asked for. Steps are NAME=EXPR, names the part in front; bans EXPR[@FROM..TO]. */
struct funnel_request {
    const struct option_list *by, *steps, *optional, *bans;
    const char *id; /* a member, or an expression */
    int64_t size_us, within_us;
    bool strict;
    bool by_last;     /* the group is that of the last step's event */
    int64_t drops_us; /* rows are drops, after so long; 0: they are windows */
};

/* Makes a funnel that is ready for events, and run->own. False: the reason is added to why, as a
 * phrase; it has to be released all the same. */
bool funnel_init(struct run *run, const struct funnel_request *request, struct buffer *why);

/* What a tool whose run->own is a funnel does with events, or with rows (--merge). */
const struct analysis *funnel_analysis(const struct run *run);

void funnel_release(struct run *run);

#endif
