/*
 * repair.h - --repair: records that are nearly what they should be are mended before they are
 * judged, and counted.
 *
 *     utf8      bytes that are no UTF-8 become U+FFFD, one for each piece that began well (as the
 *               Unicode standard has it, section 3.9); so does half of a pair of \uD83D\uDE00
 *     escapes   in JSON: \xHH is a byte, as nginx writes it; a backslash that begins none of JSON's
 *               escapes is a backslash
 *
 * A record with nothing to mend is not touched and not copied.
 */
#ifndef CS_REPAIR_H
#define CS_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/option.h"
#include "base/slice.h"

enum repair_kind { REPAIR_UTF8 = 1, REPAIR_ESCAPES = 2 };

/* A zeroed struct mends nothing. */
struct repair {
    unsigned wanted;   /* bits of enum repair_kind */
    uint64_t repaired; /* records */
    struct buffer escapes, utf8;
};

/* Reads the option's lists. Anything wrong is die_usage. */
void repair_options(struct repair *repair, const struct option_list *values);

/* The record, or a mended one that is good until the next call. */
struct slice repair_record(struct repair *repair, struct slice record, bool json);

void repair_release(struct repair *repair);

#endif
