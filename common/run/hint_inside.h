/*
 * hint_inside.h - what the files of hint share.
 */
#ifndef CS_HINT_INSIDE_H
#define CS_HINT_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/nearest.h"
#include "run/loop.h"

/* Adds "none of 500 events had a value", article and what last. */
void hint_none_add(struct buffer *out, uint64_t events, const char *article, const char *what);

/* Adds 4,547,248. */
void hint_count_add(struct buffer *out, uint64_t count);

/* May it stand in a command that somebody copies? What strangers wrote may hold what a shell obeys,
 * or what parts an option's value: only letters, digits, _ - . / and what is not ASCII. */
bool hint_is_plain(struct slice text);

/* Says it, and releases the text. */
void hint_tell(struct buffer *text);

/* Is the tool cs-parse, which can give a member another name? */
bool hint_is_parser(const struct loop *l);

/* What events had instead of a member, as their time if so; text NULL: nothing of the kind. Whoever
 * names one of the twelve members did not mean another one of them. */
struct nearest hint_meant(const struct loop *l, struct slice wanted, bool time);

/* Adds what they have instead of wanted. */
void hint_others_add(const struct witness *witness, struct slice wanted, struct buffer *out);

/* How a member that comes under another name is read under the one that is wanted. */
void hint_rename_add(const struct loop *l, struct buffer *out, struct slice wanted,
                     struct slice name);

/* Where events have the member inside of another one alone: adds what, which has opened a
 * parenthesis, and what would make a member wanted of it. False: they have it themselves. */
bool hint_inside_add(const struct loop *l, struct buffer *out, struct slice wanted,
                     struct slice name, const char *what);

/* Members that events were looked through for in vain; told: that was said of this one. */
void hint_members(struct loop *l, uint64_t events, struct slice told);

/* Texts that members are compared with, and that none of so many events had. */
void hint_words(struct loop *l, uint64_t events);

/* Members of --rename that stood beside one of the name they are read as. */
void hint_beside(const struct loop *l);

/* All events were filtered, and nothing that was said tells why. */
void hint_filtered(const struct loop *l, uint64_t events);

/* Expressions that had several values for some of so many events, where one was asked for. */
void hint_several(uint64_t events);

/* All times are of the years behind 1970, in the unit that was said to be theirs. */
void hint_unit(const struct loop *l);

/* Records that were left out for their offsets, where no earlier run has read them. */
void hint_offsets(const struct loop *l);

/* Times that came twice, or not at all. */
void hint_doubts(const struct loop *l);

#endif
