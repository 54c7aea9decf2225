/*
 * format_inside.h - what the files of format share: one input, and what it is taken for.
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
    bool has_rows;  /* something has come behind the header line */
    bool quiet;     /* whoever reads the input from its beginning says what there is to say */
};

/* Records as the map will see them. */
struct gathering {
    struct buffer text;
    size_t end[MAP_AHEAD_MAX]; /* of each, in text */
    size_t count;
};

void gathering_add(struct gathering *gathering, struct slice json);

/* What an input that begins so is in. */
struct sniffed format_sniff(struct format *format, struct slice head);

/* What most of the head fits; says so when that is not what it begins with. */
enum format_kind format_choose(struct sniffed sniffed);

/* Is something done to records that are events already? */
bool format_translates(const struct format *format);

/* A reading of an input of that kind that begins so. */
struct reading *reading_new(struct format *format, enum format_kind kind, struct sniffed sniffed,
                            struct slice head);

/* Makes the list of names the header of an input. */
enum reason columns_name(struct columns *columns, struct slice names, struct buffer *why);

/* Takes the input for what the record is. False: that is a guess, for this record alone. */
bool reading_learn(struct reading *reading, struct slice record);

#endif
