/*
 * format_inside.h - what format.c and format_begin.c share: one input, and what it is taken for.
 */
#ifndef CS_FORMAT_INSIDE_H
#define CS_FORMAT_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "raw/columns.h"
#include "raw/format.h"
#include "raw/jsonstream.h"
#include "raw/sniff.h"
#include "raw/w3c.h"

/* One input. */
struct reading {
    struct format *format;
    enum format_kind kind; /* FORMAT_AUTO: nothing so far says what it is */
    struct columns columns;
    struct w3c w3c;
    struct jsonstream stream;
    size_t skipped; /* lines before the header line, with --preamble */
};

/* Makes the list of names the header of an input. */
enum reason columns_name(struct columns *columns, struct slice names, struct buffer *why);

/* Takes the input for what the record is. False: that is a guess, for this record alone. */
bool reading_learn(struct reading *reading, struct slice record);

#endif
