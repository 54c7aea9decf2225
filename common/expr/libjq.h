/*
 * libjq.h - programs that run in libjq.
 *
 * libjq.c alone knows libjq's types (leash.c stands in for a few of its functions). A program has
 * a jq_state of its own; its input is the whole line, as expr.h says. What comes out is copied
 * before it is handed on.
 */
#ifndef CS_LIBJQ_H
#define CS_LIBJQ_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"
#include "expr/outcome.h"

struct libjq;

/* Compiles a program that has passed the check for what is refused. On failure returns NULL and
 * adds what libjq says to why, on one line. */
struct libjq *libjq_compile(const char *text, struct buffer *why);

void libjq_free(struct libjq *program);

/* Is any output neither false nor null? Sets *selects on OUTCOME_VALUE; there is no
 * OUTCOME_NONE. */
enum outcome libjq_selects(struct libjq *program, const struct schema *schema,
                           const struct event *ev, bool *selects);

/* The first output; its text is the program's until it runs again. */
enum outcome libjq_value(struct libjq *program, const struct schema *schema, const struct event *ev,
                         struct value *out);

/* Runs over one JSON text and hands every output to emit as JSON text. On OUTCOME_ERROR the
 * program's message is added to why; else OUTCOME_NONE. */
enum outcome libjq_each(struct libjq *program, struct slice json,
                        void (*emit)(void *context, struct slice json), void *context,
                        struct buffer *why);

/* Adds a double as jq 1.6 prints it: the shortest text that reads back the same; nan is null,
 * infinities the largest double. */
void libjq_print_number(struct buffer *out, double number);

#endif
