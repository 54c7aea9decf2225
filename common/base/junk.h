/*
 * junk.h - ids that identify nobody: what programs write where there is no id.
 *
 * "undefined" as a user would be one person of all who have none. So an id that is one of the words
 * below, in capitals or not, or one of the owner's, or has nothing but blanks, is no id. Nearly all
 * ids are told by their length, their first and their last byte alone.
 */
#ifndef CS_JUNK_H
#define CS_JUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/table.h"

struct junk {
    struct table words; /* ids of them, in lower case */
    uint64_t lengths;   /* bit per length; the highest for all that are longer */
    /* A bit per byte, as it is and in the other case. */
    uint64_t first[4], last[4];
};

/* null undefined 0 None nil NaN false true anonymous guest unknown (null) (not set) \N, the UUID of
 * zeros and [object Object]. */
void junk_init(struct junk *junk);
void junk_release(struct junk *junk);

/* One more. */
void junk_add(struct junk *junk, struct slice word);

/* Is that one of them? For junk_has only. */
bool junk_look(const struct junk *junk, struct slice id);

static inline unsigned junk_length(struct slice id)
{
    return id.len < 63 ? (unsigned)id.len : 63;
}

/* Does the id identify nobody? */
static inline bool junk_has(const struct junk *junk, struct slice id)
{
    if (id.len == 0) return true;
    const unsigned char first = (unsigned char)*id.text, last = (unsigned char)id.text[id.len - 1];
    if (__builtin_expect(first > ' ' && ((junk->lengths >> junk_length(id) & 1) == 0 ||
                                         (junk->first[first / 64] >> first % 64 & 1) == 0 ||
                                         (junk->last[last / 64] >> last % 64 & 1) == 0),
                         1))
        return false;
    return junk_look(junk, id);
}

#endif
