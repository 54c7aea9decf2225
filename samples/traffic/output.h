/*
 * output.h - standard output through one large buffer, and the two ways to give up.
 *
 * A writer asks for room for its longest line, writes with plain stores, and tells where it
 * ended. Every write is checked: a full disk is exit 1, a closed pipe the usual death by SIGPIPE.
 */
#ifndef TRAFFIC_OUTPUT_H
#define TRAFFIC_OUTPUT_H

#include <stddef.h>

#define LINE_MAX_BYTES 65536 /* no line is longer, whatever the options */

struct output {
    char *data;
    size_t len;
};

void output_init(struct output *output);

/* Where the next line goes; at least LINE_MAX_BYTES are free there. */
char *output_room(struct output *output);

/* Takes what was written from output_room up to end. */
void output_advance(struct output *output, const char *end);

/* Writes out what is there; dies when that fails. */
void output_flush(struct output *output);

/* Flushes, closes standard output and frees the buffer. */
void output_close(struct output *output);

/* "traffic: text: reason of errno", then exit 1. */
void die_errno(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* "traffic: text" and "Try 'traffic --help'.", then exit 2. */
void die_usage(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
