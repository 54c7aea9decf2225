/*
 * frame.h - records as kcat prints them: `PARTITION\tOFFSET\tJSON` (-f '%p\t%o\t%s\n') and the
 * envelope of -J.
 */
#ifndef CS_FRAME_H
#define CS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "source/input.h"

struct frame {
    int64_t partition, offset;
    struct slice payload; /* ends in a newline with SCAN_PADDING readable bytes behind */
};

/* How the first of these lines is framed. Unless frames were asked for, an object is an envelope
 * only if it has no members but those of kcat -J, its topic among them: an event may have a
 * partition, an offset and a payload of its own. */
enum framing frame_guess(const char *data, const char *end, bool asked);

/* Takes a line apart; payload borrows from it. */
bool frame_read(struct slice line, struct frame *frame);

/* Takes an envelope apart; the payload is unescaped into scratch. False: no envelope, or neither
 * text nor null in it. */
bool envelope_read(struct slice line, struct frame *frame, struct buffer *scratch);

#endif
