/*
 * expr.h - jq expressions over one event: --where, `if EXPR`, --by=NAME=EXPR, sum(EXPR), steps.
 *
 * A compiler of our own (native.c) runs the common shapes at scanning speed on the members the
 * scanner has taken; every other program runs in libjq (libjq.c) on the whole line. For any
 * expression and any event both give the same answer: which one is used is a matter of speed
 * only, and --explain says.
 *
 * What an expression sees: the event as an object in which canonical members that were numbers
 * or booleans are strings (their text), members named by --number that were numeric text are
 * numbers, and renamed members have their new names. schema->number and schema->alias are set
 * before anything is compiled.
 *
 * Rules: an expression selects if any of its outputs is neither false nor null; as a value it
 * is its first output (none: null). An error deselects, is null as a value, and is counted.
 * Computed numbers are doubles printed as jq 1.6 prints them; a bare path (.price, ."my field",
 * .["x"], .a.b) gives the member's own text, digits untouched.
 *
 * Refused at compile time, because an answer must depend on the event alone: now, localtime,
 * strflocaltime, env, $ENV, $__prog_args, get_search_list, input, inputs, input_filename,
 * input_line_number; because it would act outside: debug, stderr, halt, halt_error, import,
 * include, modulemeta. Members, keys and variables may have these names. ~/.jq is not read, and
 * strftime's zone is UTC.
 *
 * What libjq runs, it runs in a process of its own (sandbox.h). A program that takes too many steps
 * or too much memory over one event (jq_limits.h; more for a long line) is cut off: an error, named
 * on standard error the first three times, and no other event is touched by it.
 *
 * An expression is one thread's at a time; compiling is done before there are several.
 */
#ifndef CS_EXPR_H
#define CS_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"

struct expr;

/* Compiles text; members it reads become needed in schema (schema->whole when it runs in libjq). On
 * failure returns NULL and adds the reason to why as a phrase ("'now' is refused: ...",
 * "syntax error at 'x'"). Free with expr_free before the schema is released. */
struct expr *expr_compile(const char *text, struct schema *schema, struct buffer *why);

/* The same of what is only asked whether it selects. What would select every event, because nothing
 * of it is looked at, is refused. */
struct expr *expr_compile_condition(const char *text, struct schema *schema, struct buffer *why);

/* As expr_compile, always in libjq: what tests hold the native answers against. */
struct expr *expr_compile_libjq(const char *text, struct schema *schema, struct buffer *why);

void expr_free(struct expr *expr);

/* All expressions are compiled: whatever they need beside this process is made ready, best while it
 * is small. */
void expr_begin(void);

/* Does the expression select this event? Errors are counted in expr_errors. */
bool expr_selects(struct expr *expr, const struct event *ev);

/* Its first output. A string is unescaped; text borrows from the event or from the expression
 * itself and is good until the same expression is run again. */
struct value expr_value(struct expr *expr, const struct event *ev);

/* expr_selects, or expr_value, will be called for these events next, in this order, unless
 * something stops them before: where the expression runs in libjq, that saves time to ask about all
 * of them at once. Nothing is counted before the call. They may not change until expr_ahead_forget,
 * or until the next call, which may be one for no events. */
#define EXPR_AHEAD_MAX 64
void expr_selects_ahead(struct expr *expr, const struct event *const *events, size_t count);
void expr_value_ahead(struct expr *expr, const struct event *const *events, size_t count);
void expr_ahead_forget(struct expr *expr);

/* What expr_selects will say, where that costs little to know; else true. Counts nothing. */
bool expr_may_select(const struct expr *expr, const struct event *ev);

/* Errors so far, of all expressions of the process; the counter expression_errors. Settable,
 * for resuming. */
extern uint64_t expr_errors;

/* The first of them at an event that had all that the expression reads. */
struct expr_failure {
    const char *text;     /* the expression's */
    uint64_t line_number; /* of the event, in its input; 0: not known */
};

/* False: there was none. Adds why to reason, where libjq says it: it is asked again. */
bool expr_failure(struct expr_failure *failure, struct buffer *reason);

/* There was none. */
void expr_failure_forget(void);

/* The same from one process to another, which has compiled the same expressions and may be on
 * another machine: nothing of it is an address. There its input has that many lines before the
 * first one of the process that packed; UINT64_MAX: not known. */
void expr_failure_pack(struct buffer *out);
void expr_failure_add(struct unpack *in, uint64_t lines_before);

/* An expression whose first output is its value (expr_value) had others behind it, for so many
 * events: whoever sums up .items[].price may not mean the first price. Called for each of them,
 * once for those of the same text. */
void expr_several_each(void (*tell)(void *context, const char *text, uint64_t events),
                       void *context);

/* The same from one process to another, as of failures; packed, they are forgotten here. */
void expr_several_pack(struct buffer *out);
void expr_several_add(struct unpack *in);

/* Is it run natively? */
bool expr_native(const struct expr *expr);

/* If the expression is just one member (.x), its slot; else -1. */
int expr_member(const struct expr *expr);

/* Is it a condition, whose value is true or false and never null? False: perhaps. */
bool expr_truth(const struct expr *expr);

/* Adds one line for --explain: "native: .price > 10 (reads price)" or "libjq: ... (whole line)". */
void expr_explain(const struct expr *expr, struct buffer *out);

/* For --explain: how what libjq runs is limited here, as a sentence. */
const char *expr_limits(void);

/* --map: a jq program from one JSON text to any number of them. Each output is handed to emit
 * as JSON text, integers of more than 15 digits in the input as strings. Returns false on an
 * error (the program's message is added to why), after the outputs that came before it: the
 * caller decides what they are worth. */
struct map_program;
struct map_program *map_compile(const char *text, struct buffer *why);
void map_free(struct map_program *map);

/* map_run will be called for these, in this order: libjq is asked about all of them at once. At
 * most MAP_AHEAD_MAX are. What comes of each is said, and counted, by map_run. */
#define MAP_AHEAD_MAX 64
void map_ahead(struct map_program *map, const struct slice *jsons, size_t count);
bool map_run(struct map_program *map, struct slice json,
             void (*emit)(void *context, struct slice json), void *context, struct buffer *why);

#endif
