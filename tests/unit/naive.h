/*
 * naive.h - needles in a text, found by trying every place: what needles.c has to agree with.
 */
#ifndef CS_NAIVE_H
#define CS_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/needles.h"

struct naive {
    struct slice *needle; /* number i is needle[i] */
    uint32_t count;
    struct slice text;
    size_t behind;  /* of what was found last, */
    size_t len;     /* and how long it was */
    uint64_t found; /* how many */
    bool wrong;     /* found what is not there, twice, or in another order */
};

static inline void naive_found(void *context, uint32_t number, size_t behind)
{
    struct naive *const naive = context;
    naive->found++;
    if (number >= naive->count || behind > naive->text.len) {
        naive->wrong = true;
        return;
    }
    const struct slice needle = naive->needle[number];
    const struct slice there = {.text = naive->text.text + behind - needle.len, .len = needle.len};
    if (needle.len > behind || !slice_equal(there, needle)) naive->wrong = true;
    if (behind < naive->behind || (behind == naive->behind && needle.len >= naive->len))
        naive->wrong = true;
    naive->behind = behind;
    naive->len = needle.len;
}

/* Does the automaton find what there is, each once? first[i]: no earlier needle is the same text.
 */
static inline bool naive_agrees(struct naive *naive, const struct needles *needles,
                                const bool *first)
{
    uint64_t there = 0;
    for (uint32_t i = 0; i < naive->count; i++)
        for (size_t at = 0; first[i] && at + naive->needle[i].len <= naive->text.len; at++)
            there += slice_equal(naive->needle[i],
                                 (struct slice){naive->text.text + at, naive->needle[i].len});
    naive->behind = naive->len = 0;
    naive->found = 0;
    naive->wrong = false;
    needles_find(needles, naive->text, naive_found, naive);
    return !naive->wrong && naive->found == there;
}

#endif
