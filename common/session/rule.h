/*
 * rule.h - what ends a session, as the options of cs-sessionize say it: whether they go together,
 * and how they read.
 */
#ifndef CS_RULE_H
#define CS_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct rule {
    int64_t gap_us; /* INT64_MAX: none, like max */
    int64_t max_us;
};

/* Do they make sense, with that lateness? False: what is wrong is added to why, as
 * "--option: phrase". */
bool rule_check(const struct rule *rule, int64_t lateness_us, struct buffer *why);

/* Adds ", no pause longer than 30m, cut after 24h" for --explain. */
void rule_explain(const struct rule *rule, struct buffer *out);

#endif
