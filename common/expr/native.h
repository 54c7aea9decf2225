/*
 * native.h - the common expressions, run on the members the scanner has taken.
 *
 * A program is its syntax tree, walked; nothing is allocated per event once the buffers of its
 * strings have grown. Where jq's answer needs more than the members' text (comparing two
 * arrays, say) running it ends in OUTCOME_BEYOND, and the whole expression is run again in
 * libjq: so the answer is always libjq's.
 */
#ifndef CS_NATIVE_H
#define CS_NATIVE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"
#include "expr/outcome.h"

struct native;

/* Compiles text if it is in the subset (syntax.h) and asks schema for what it reads. NULL: not
 * in the subset, or, when something was added to why, an error. */
struct native *native_compile(const char *text, struct schema *schema, struct buffer *why);

void native_free(struct native *native);

/* The same as libjq_selects and libjq_value, and OUTCOME_BEYOND. A bare path's value is the
 * member's own text. */
enum outcome native_selects(struct native *native, const struct event *ev, bool *selects);
enum outcome native_value(struct native *native, const struct event *ev, struct value *out);

/* The slot, if it is just a member of the event; else -1. */
int native_member(const struct native *native);

/* The slot of the member of which it asks whether it is there (*present), or not, and nothing else;
 * else -1. */
int native_presence(const struct native *native, bool *present);

/* Is it a path and nothing else (.a, .a.b)? */
bool native_path(const struct native *native);

/* Is what it gives always true or false, if it gives anything? */
bool native_truth(const struct native *native);

/* Is there no event on which it fails, or for which libjq has to be asked: is it made of members of
 * the event, of their comparisons with literals, and of, or, and, not? */
bool native_certain(const struct native *native);

/* Which slots it reads: a bit for each. */
uint64_t native_reads(const struct native *native);

#endif
