/*
 * libjq.h - programs that run in libjq.
 *
 * libjq.c alone knows libjq's types (jq_limits.c stands in for a few of its functions). A program
 * is compiled here, and run by a worker that has been forked since then (sandbox.h): whatever an
 * event makes libjq do, run out of memory, out of bounds or for ever, costs that event its result
 * and nobody anything else. Its input is the whole line, as expr.h says. What comes out is copied
 * before it is handed on.
 *
 * What an event may cost is counted in steps, bytes and tries of regular expressions, so that it is
 * cut off on every machine or on none; and, more generously, in processor time.
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

/* All programs are compiled: forks the process they will run in, which is best done while this one
 * is small. Without this call it is done when it is first needed; a program compiled later means
 * another process. */
void libjq_begin(void);

/* Is any output neither false nor null? Sets *selects on OUTCOME_VALUE; there is no
 * OUTCOME_NONE. */
enum outcome libjq_selects(struct libjq *program, const struct schema *schema,
                           const struct event *ev, bool *selects);

/* The first output, and whether there was another; its text is the program's until it runs again.
 */
enum outcome libjq_value(struct libjq *program, const struct schema *schema, const struct event *ev,
                         struct value *out, bool *several);

/* libjq_selects, or libjq_value, will be asked about these events, in this order: asks about all of
 * them at once. What comes of one is said, and counted, when it is asked about. Forgotten with the
 * next call, or by libjq_ahead_forget: an event may not change in between. What was not asked
 * ahead, for want of room, is asked when it is needed. */
#define LIBJQ_AHEAD_MAX 64
void libjq_selects_ahead(struct libjq *program, const struct schema *schema,
                         const struct event *const *events, size_t count);
void libjq_value_ahead(struct libjq *program, const struct schema *schema,
                       const struct event *const *events, size_t count);
void libjq_ahead_forget(struct libjq *program);

/* What libjq_selects will say about an event that was asked about ahead; true for any other. */
bool libjq_may_select(const struct libjq *program, const struct event *ev);

/* Runs over one JSON text and hands every output to emit as JSON text. On OUTCOME_ERROR the
 * program's message is added to why; else OUTCOME_NONE. */
enum outcome libjq_each(struct libjq *program, struct slice json,
                        void (*emit)(void *context, struct slice json), void *context,
                        struct buffer *why);

/* libjq_each will run over these texts, in this order, perhaps over others between them: asks about
 * all of them at once, as libjq_value_ahead does. */
void libjq_each_ahead(struct libjq *program, const struct slice *jsons, size_t count);

/* Adds a double as jq 1.6 prints it: the shortest text that reads back the same; nan is null,
 * infinities the largest double. */
void libjq_print_number(struct buffer *out, double number);

#endif
