/*
 * format.h - raw records of any known format as JSON text, one object a record: CSV rows, log
 * lines, and what --map makes of them.
 *
 * There is one way to read an event, the scanner's; so whatever is not NDJSON is first written
 * as a JSON object, and whatever goes through --map comes back as JSON. Of what was written here
 * the outline goes along (outline.h), which mostly spares the scan. The functions at the end
 * are what struct translator (command.h) points at; the struct format is its self.
 */
#ifndef CS_FORMAT_H
#define CS_FORMAT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"
#include "event/outline.h"
#include "event/reason.h"
#include "event/scan.h"
#include "event/schema.h"
#include "expr/expr.h"
#include "raw/columns.h"
#include "raw/logformat.h"
#include "raw/repair.h"
#include "raw/sniff.h"
#include "raw/w3c.h"

/* What is known before anything is read. */
struct format {
    enum format_kind from;   /* --from */
    struct csv csv;          /* what is said of the dialect of CSV and TSV; no separator: by kind */
    struct buffer wanted;    /* a header names one of these, `,"name":`; empty: any is one */
    struct buffer header;    /* --header: the columns' names, as a line of CSV; empty: none given */
    size_t named;            /* how many these are */
    struct slice comment;    /* --comment: lines that begin so are skipped; empty: none. Borrowed */
    bool preamble;           /* --preamble: lines before the header line are skipped */
    bool repeat_told;        /* that a header line has a name twice */
    bool settled;            /* from was auto, and is what the inputs were found to be */
    struct logformat log;    /* --log-format */
    struct logformat xff;    /* what auto looks for beside combined */
    struct repair repair;    /* --repair: for the caller to set */
    struct map_program *map; /* owned; NULL: none */
    const struct schema *events; /* what is wanted of the events; borrowed, for the caller to set;
                                    NULL: nobody has said */
    struct schema nothing;       /* judges what goes to the map, */
    struct scanner *judge;       /* as NDJSON's lines are judged */
    struct buffer json;          /* the record as JSON */
    struct outline outline;      /* of json */
    struct buffer outputs;       /* what the map gave, a line each */
    struct gathering *gathering; /* records are only gathered, to ask the map about them */
};

void format_init(struct format *format, enum format_kind from, const struct csv *csv);

/* A line of names is a header only when one of them is this. May be called for several. */
void format_want(struct format *format, struct slice name);

/* The same for a member of events, under the names that the input has for it (--rename). */
void format_want_member(struct format *format, const struct schema *schema, struct slice name);

void format_release(struct format *format);

/* The columns are named so, and no input begins with a header line. Returns NULL, or what is wrong
 * as a phrase, good until the next call. */
const char *format_name_columns(struct format *format, struct slice names);

/* The records are lines of such a log: what logformat_compile takes, or "w3c". Returns NULL, or
 * what is wrong as a phrase, good until the next call. */
const char *format_set_log(struct format *format, struct slice text);

/* Every record goes through the map, which format_release frees. */
void format_set_map(struct format *format, struct map_program *map);

/* The translator's functions: see command.h. What they are given for an input is a struct reading.
 */
void *format_begin(void *self, struct slice head);
bool format_unknown(void *self, struct slice head, struct buffer *why);
bool format_waits(void *self, struct slice head);
bool format_whole(void *self, struct slice line);
bool format_lineless(void *self, struct slice head);
int format_by_line(void *self, struct slice head, bool settle);
const char *format_lacks(const void *reading);
const char *format_split(void *reading, const char *data, const char *end, bool final);
enum reason format_translate(void *reading, struct slice record,
                             void (*emit)(void *context, struct slice json,
                                          struct outline *outline),
                             void *context, bool *header, struct buffer *detail);
enum reason format_payload(void *reading, struct slice record,
                           void (*emit)(void *context, struct slice json, struct outline *outline),
                           void *context, bool *header, struct buffer *detail);
const char *format_ahead(void *reading, const char *data, const char *end, bool final);
bool format_in_doubt(void *self);
void *format_go_on(void *self, struct slice head);
const char *format_guess(void *reading, const char *data, const char *end);
bool format_closed(const void *reading, struct slice record);
const char *format_called(void *self, struct slice head);
void format_save(const void *reading, struct buffer *out);
void *format_load(void *self, struct unpack *in);
void format_end(void *reading);

/* Of an input of JSON: the record that is translated next has been followed to its end as one value
 * (jsonstream.h), and need not be again. Of no length: it has not. */
void format_followed(void *reading, struct slice record);

#endif
