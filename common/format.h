/*
 * format.h - raw records of any known format as JSON text, one object a record: CSV rows, log
 * lines, and what --map makes of them.
 *
 * There is one way to read an event, the scanner's; so whatever is not NDJSON is first written
 * as a JSON object, and whatever goes through --map comes back as JSON. These functions are what
 * struct translator (tool.h) points at; the struct format is their self.
 *
 * --from=auto looks at the first line of an input that is not blank: '{' or '[' begins NDJSON; what
 * reads as a log line is one; a tab makes it TSV, a comma CSV; anything else is taken for NDJSON, whose
 * reader then says what is wrong.
 */
#ifndef CS_FORMAT_H
#define CS_FORMAT_H

#include <stdbool.h>

#include "buffer.h"
#include "columns.h"
#include "expr.h"
#include "reason.h"
#include "scan.h"
#include "schema.h"
#include "slice.h"

enum format_kind { FORMAT_AUTO, FORMAT_NDJSON, FORMAT_CSV, FORMAT_TSV, FORMAT_COMBINED };

struct format {
    enum format_kind from; /* --from */
    enum format_kind kind; /* of this input; FORMAT_AUTO: no line seen yet */
    bool fresh;            /* no record of this input seen yet: a byte order mark may stand here */
    bool named;            /* the columns' names were given (--header) */
    bool literal;          /* quotes in CSV and TSV have no meaning */
    struct columns columns;
    struct map_program *map; /* owned; NULL: none */
    struct schema nothing;   /* judges what goes to the map, */
    struct scanner *judge;   /* as NDJSON's lines are judged */
    struct buffer json;      /* the record as JSON */
    struct buffer outputs;   /* what the map gave, a line each */
    bool strange;            /* an output was not an event */
};

void format_init(struct format *format, enum format_kind from, bool literal);

void format_release(struct format *format);

/* The columns are named so, and no input begins with a header line. Returns NULL, or what is wrong. */
const char *format_name_columns(struct format *format, struct slice names);

/* Every record goes through the map, which format_release frees. */
void format_set_map(struct format *format, struct map_program *map);

/* What the first line of an input is in. */
enum format_kind format_sniff(struct slice line);

/* The translator's functions: see tool.h. */
const char *format_split(void *self, const char *data, const char *end, bool final);
enum reason format_translate(void *self, struct slice record,
                             void (*emit)(void *context, struct slice json), void *context,
                             bool *header, struct buffer *detail);
void format_begin(void *self, const char *input_name);
bool format_passes(void *self, struct slice first_line);

#endif
