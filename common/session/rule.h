/*
 * rule.h - what ends a session, as the options of cs-sessionize say it: whether they go together,
 * and how they read.
 */
#ifndef CS_RULE_H
#define CS_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/buffer.h"
#include "base/option.h"
#include "base/zone.h"
#include "event/schema.h"
#include "session/kept.h"

struct rule {
    int64_t gap_us; /* INT64_MAX: none, like max */
    int64_t max_us;
    char *split[SPLITS_MAX]; /* names of the members of --split-on, owned */
    int splits;
    struct zone *zone;    /* owned; NULL: midnight is of no interest */
    bool is_zone_default; /* nobody has said which */
};

/* Takes the values of --split-on, of which the members are asked for in schema, and of
 * --split-at-midnight (NULL: without one, that is UTC). What is wrong ends the run, or is the
 * phrase returned. */
void rule_split_on(struct rule *rule, const struct option_list *values, struct schema *schema);
const char *rule_midnight(struct rule *rule, const char *zone);
void rule_release(struct rule *rule);

/* Do sessions depend on the order of events? */
static inline bool rule_orders(const struct rule *rule)
{
    return rule->splits > 0 || rule->zone != NULL;
}

/* Do they make sense, with that lateness and zone? False: what is wrong is added to why, as
 * "--option: phrase". What may be meant otherwise is said. */
bool rule_check(const struct rule *rule, const struct settings *settings, struct buffer *why);

/* Adds ", no pause longer than 30m, cut after 24h" for --explain. */
void rule_explain(const struct rule *rule, struct buffer *out);

#endif
