/*
 * summary.h - what --stats says: the counters of all rooms brought together.
 */
#ifndef CS_SUMMARY_H
#define CS_SUMMARY_H

#include "run/loop.h"

/* Brings the counters together in l->stats. */
void summary_count(struct loop *l);

/* The other way round: each room goes on counting from what a state says. */
void summary_resume(struct loop *l);

/* Writes them where --stats says. */
void summary_write(struct loop *l);

#endif
