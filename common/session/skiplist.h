/*
 * skiplist.h - a short way through the list of an id's stretches, where these are many.
 *
 * Nearly every id has one open stretch or two; a list is all it needs. With a long lateness, or a
 * partition that holds time back, one id may have a hundred thousand, and its events come in any
 * order: then the list gets a skip list on top (Pugh, "Skip Lists: A Probabilistic Alternative to
 * Balanced Trees", CACM 1990), so that a place is found in logarithmic time. An eighth of the
 * stretches have a level, a sixty-fourth two, and so on; which ones depends on a secret, so nobody
 * can arrange for few. Their links stand where a record has the owner's id (timeline.h), which only
 * one of the stretches needs: that in the owner's own record has none. The head of the skip list is
 * a record of its own.
 */
#ifndef CS_SKIPLIST_H
#define CS_SKIPLIST_H

#include <stdint.h>

#include "session/stretch.h"

/* A new skip list's number; no stretch is on it. */
uint32_t skiplist_new(struct stretches *stretches, uint64_t secret);
void skiplist_free(struct stretches *stretches, uint32_t skiplist);

/* Puts a stretch on it that stands behind all that start when it does or before; takes one off.
 * While a stretch is on a skip list, its start does not change. */
void skiplist_add(struct stretches *stretches, uint32_t skiplist, uint32_t number);
void skiplist_remove(struct stretches *stretches, uint32_t skiplist, uint32_t number);

/* A stretch a few places before the last one that starts at time_us or before, or that one itself;
 * POOL_NONE: it is among the first. */
uint32_t skiplist_before(const struct stretches *stretches, uint32_t skiplist, int64_t time_us);

#endif
