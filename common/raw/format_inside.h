/*
 * format_inside.h - what the files of format share.
 */
#ifndef CS_FORMAT_INSIDE_H
#define CS_FORMAT_INSIDE_H

#include "raw/format.h"
#include "raw/jsonstream.h"

/* One input. */
struct reading {
    struct format *format;
    enum format_kind kind; /* FORMAT_AUTO: blank lines only so far */
    struct columns columns;
    struct w3c w3c;
    struct jsonstream stream;
    size_t skipped; /* lines before the header line, with --preamble */
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

/* A reading of an input of that kind that begins so. */
struct reading *reading_new(struct format *format, enum format_kind kind, struct sniffed sniffed,
                            struct slice head);

#endif
