/*
 * needles.h - which of many short texts stand in a long one, in one pass over it.
 *
 * Aho and Corasick's automaton (Communications of the ACM 18, 1975): a tree of all needles, and
 * from each place in it a link to the longest end of what has been read that is in the tree, too.
 * Nodes are numbered level by level, so that a node's children lie side by side, and the next one
 * is found by a search through a few bytes. A text costs time by its length and by what is found in
 * it, however many needles there are.
 *
 *     struct needles needles = {0};
 *     needles_add(&needles, SLICE("bot"), 7);
 *     needles_build(&needles);
 *     needles_find(&needles, text, found, context);   found(context, 7, 3) for "bot/1.0"
 */
#ifndef CS_NEEDLES_H
#define CS_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A zeroed struct has no needles. */
struct needles {
    struct needle_branch *branch; /* before needles_build: the tree as it grows */
    struct needle_node *node;     /* after it, level by level */
    unsigned char *byte;          /* of each node: what leads there from its parent */
    uint32_t root[256];           /* the root's children; 0: none */
    uint32_t count;               /* nodes or branches */
};

/* Adds a needle, not an empty one, with a number that says which it is, less than UINT32_MAX. Of
 * two that are the same text the first counts; false: this is the second. */
bool needles_add(struct needles *needles, struct slice needle, uint32_t number);

/* All have been added. */
void needles_build(struct needles *needles);

/* Calls found for each place where a needle stands in text, with its number and the offset behind
 * it, in order of that offset, longer ones first. */
void needles_find(const struct needles *needles, struct slice text,
                  void (*found)(void *context, uint32_t number, size_t behind), void *context);

void needles_release(struct needles *needles);

#endif
