/*
 * line.h - a record as a line of NDJSON or CSV.
 *
 * Both write at a pointer and return the end, after the newline; the longest line there can be
 * stays far below LINE_MAX_BYTES.
 */
#ifndef TRAFFIC_LINE_H
#define TRAFFIC_LINE_H

#include <stdint.h>

#include "options.h"
#include "record.h"
#include "rng.h"

/* One JSON object. The generator decides about escapes, which never change a value. */
char *line_print_json(char *out, const struct record *record, const struct options *options,
                      struct rng *rng);

/* A text as a JSON string, with no escapes but those that must be. */
char *line_print_text(char *out, const char *text, uint32_t len);

/* One row of RFC 4180: null is an empty field, "" is quoted. */
char *line_print_csv(char *out, const struct record *record, const struct options *options);

/* The header of the same columns. */
char *line_print_header(char *out, const struct record *record, const struct options *options);

#endif
