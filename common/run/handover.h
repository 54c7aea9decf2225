/*
 * handover.h - what a range of --jobs passes on to the run, in the order in which it came: events,
 * and records that were refused or came too late.
 *
 * An event that the command of a worker cannot decide on, because it may have to do with what
 * earlier ranges hold (FATE_DEFERRED), is passed on as the command would see it: its time, its
 * watermark, and the members the command asked for. Where it may turn out to be late, the record
 * stands with it; where the command has expressions, the line as well, which they are asked about
 * once more if they fail or libjq runs them. Only processes of one run read this, so numbers are as
 * the machine has them, and nothing is looked at twice.
 */
#ifndef CS_HANDOVER_H
#define CS_HANDOVER_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "event/event.h"

enum handover_kind {
    HANDOVER_EVENT,
    HANDOVER_BEHIND, /* an event behind its watermark: a record goes before it */
    HANDOVER_REJECTED,
    HANDOVER_LATE,
    HANDOVER_LINED, /* an event whose line is wanted: a record goes before it, too */
};

/* A record: where it stood, and itself. */
struct handover_record {
    uint32_t input_number;
    uint64_t line; /* in the input, from 1: counted from where the range begins */
    struct slice raw;
};

/* Adds an event with the values of these members, a bit per slot, and with its line if that is
 * asked for; record only then, and where it is behind its watermark. */
void handover_event(struct buffer *out, const struct event *ev, uint64_t members, bool lined,
                    const struct handover_record *record);

/* Takes an event of that kind back, from behind the byte that says so; its values, and the record,
 * borrow from the text, behind which VALUE_PADDING bytes are readable. Returns behind it. */
const char *handover_take(const char *text, enum handover_kind kind, struct event *ev,
                          uint64_t members, struct handover_record *record);

#endif
