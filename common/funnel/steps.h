/*
 * steps.h - the steps of a funnel as options name them, and as aggregates of cs-window.
 *
 * Where each step counts by itself, a funnel is a preset: NAME=distinct(ID) if EXPR for each, and
 * the share of the last in the first.
 */
#ifndef CS_STEPS_H
#define CS_STEPS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/option.h"
#include "base/slice.h"

/* The steps from page_view to purchase. */
extern const struct option_list steps_default;

/* The name of a step NAME=EXPR, and what is behind it: false, and a phrase added to why, if it is
 * none. */
bool step_read(const char *step, struct slice *name, struct slice *expr, struct buffer *why);

/* Adds them as aggregates, whose texts are the caller's: steps_aggregates_release. False: a phrase
 * is added to why. */
bool steps_aggregates(const struct option_list *steps, const char *id,
                      struct option_list *aggregates, struct buffer *why);
void steps_aggregates_release(struct option_list *aggregates);

#endif
