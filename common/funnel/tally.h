/*
 * tally.h - what the rows of an ordered funnel say: how many ids reached each step of each group,
 * in how many seconds, how many were excluded, how many may still go on.
 *
 * Groups are numbers from 0 on. All of it adds up: the tally of two parts that have no id in common
 * is the sum of theirs (seconds: sketch.h).
 */
#ifndef CS_TALLY_H
#define CS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/sketch.h"
#include "base/slice.h"
#include "event/event.h"
#include "event/schema.h"
#include "funnel/attempt.h"
#include "writer/rows.h"

/* The members of a row, and with --merge the slots of the same members in the rows read. */
struct tally_members {
    const struct course *course; /* borrowed, like the names */
    const struct slice *name;    /* of the steps */
    int count[STEPS_MAX], rate[STEPS_MAX], median[STEPS_MAX], p95[STEPS_MAX];
    int overall, excluded, in_progress;
    int seconds[STEPS_MAX]; /* of rows that are parts: the sketches as text; else -1 */
    int count_slot[STEPS_MAX], seconds_slot[STEPS_MAX], excluded_slot, in_progress_slot;
};

/* A zeroed struct is empty. */
struct tally {
    uint64_t *number;       /* of each group: of each step, excluded, in progress */
    struct sketch *seconds; /* of each group: from step to step */
    size_t groups, cap;
};

void tally_release(struct tally *tally, const struct course *course);

/* Empties it, and makes room for so many groups. */
void tally_begin(struct tally *tally, const struct course *course, size_t groups);

/* More groups, of which nothing is known yet. */
void tally_extend(struct tally *tally, const struct course *course, size_t groups);

/* Adds an id that has begun. */
void tally_add(struct tally *tally, const struct course *course, size_t group,
               const struct verdict *verdict);

/* Adds a group of another one. */
void tally_merge(struct tally *tally, const struct course *course, size_t group,
                 const struct tally *from, size_t from_group);

/* Declares the members of a row; parts: sketches as well. In the order of a row: heading before,
 * "final" behind. */
void tally_declare(struct tally_members *members, struct rows *rows, bool parts,
                   struct buffer *why);

/* Prints a group's into the row that has begun; only: that member alone, -1: all. */
void tally_print(const struct tally *tally, const struct tally_members *members, struct rows *rows,
                 size_t group, int only);

/* --merge: asks for the members, and reads a group's from a row: false where they make no sense. */
bool tally_need(struct tally_members *members, struct schema *schema);
bool tally_read(struct tally *tally, const struct tally_members *members, const struct event *ev,
                size_t group);

/* The same bytes for the same group. Unpacking adds; what is invalid sets in->broken. */
void tally_pack(const struct tally *tally, const struct course *course, size_t group,
                struct buffer *out);
void tally_unpack(struct tally *tally, const struct course *course, size_t group,
                  struct unpack *in);

#endif
