/*
 * event.h - one event as a command sees it: the members asked for, the time, where it came from.
 *
 * An event borrows from the reader's block and the batch's scratch: what you keep, you copy.
 * Canonical members are strings or null here, whatever they were in the input (a number is read
 * as its text). Slots that nobody needs hold rubbish. Behind every text VALUE_PADDING bytes are
 * readable.
 */
#ifndef CS_EVENT_H
#define CS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/value.h"
#include "event/schema.h"

struct partition;

struct event {
    int64_t time_us;
    int64_t watermark_us;        /* its partition's, as it was before this event */
    struct slice line;           /* the JSON object as it came, without line end or frame */
    struct partition *partition; /* where it came from */
    int64_t offset;              /* in the partition when framed, else -1 */
    uint64_t line_number;        /* in its input, from 1 */
    bool canonical;      /* with schema.as_is: the line is as cs-parse prints it, and there is
                            no rest */
    bool recast;         /* a member's kind differs from that in line: see expr.h */
    bool clean;          /* no byte of the line is a control, nor in what is not ASCII; false: who
                            knows */
    uint64_t hint[5];    /* for the command: what its hint function worked out */
    struct value *value; /* by slot; schema.count of them */
    const struct slice
        *rest; /* with schema.all: every member that is not canonical, "name":value, as it came */
    size_t rest_count;
};

static inline struct value event_value(const struct event *ev, int slot)
{
    return ev->value[slot];
}

/* The same as it stands in the line: a canonical member, too, may be a number or a boolean. For
 * rows, whose members may be called like those of an event. */
static inline struct value event_written(const struct event *ev, int slot)
{
    struct value value = ev->value[slot];
    if (slot >= SLOT_CANONICAL || value.kind != KIND_STRING) return value;
    const uintptr_t at = (uintptr_t)value.text - (uintptr_t)ev->line.text;
    if (at == 0 || at >= ev->line.len || value.text[-1] == '"') return value;
    value.kind = value.text[0] == 't' ? KIND_TRUE : value.text[0] == 'f' ? KIND_FALSE : KIND_NUMBER;
    return value;
}

#endif
