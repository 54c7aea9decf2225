/*
 * logline.h - lines of a log whose format is known as JSON.
 *
 * What a field's end is depends on what it is: a number, an address, a time end by themselves; in
 * quotes a value ends at the first that is not escaped; anything else where the next literal
 * stands, and where what comes behind that may be the next field, when that is a number, an address
 * or a time.
 */
#ifndef CS_LOGLINE_H
#define CS_LOGLINE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "event/outline.h"
#include "raw/logformat.h"
#include "raw/misfit.h"

/* Adds the line (without its end, valid UTF-8) as a JSON object: event_type page_view, then the
 * format's members in their order. False: it does not fit, and where that showed; out, empty
 * before, holds rubbish then. */
bool logline_print(struct logformat *format, struct slice line, struct buffer *out,
                   struct outline *outline, struct misfit *misfit);

#endif
