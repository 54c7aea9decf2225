#include "session/rule.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"

void rule_split_on(struct rule *rule, const struct option_list *values, struct schema *schema)
{
    struct list members = {0};

    option_items(&members, "split-on", values, LIST_NAMES);
    for (size_t i = 0; i < members.count; i++) {
        const struct slice name = members.item[i].name;
        bool is_known = false;
        for (int j = 0; j < rule->splits; j++)
            is_known |= slice_equal(name, slice_of(rule->split[j]));
        if (is_known) continue;
        if (rule->splits == SPLITS_MAX) die_usage("--split-on: at most %d members", SPLITS_MAX);
        const int slot = schema_need(schema, name);
        if (slot < 0) die_usage("--split-on: more than %d members are read", SCHEMA_MAX);
        schema_apart(schema, slot);
        rule->split[rule->splits++] = memory_text(name.text, name.len);
    }
    list_release(&members);
}

const char *rule_midnight(struct rule *rule, const char *zone)
{
    static struct buffer why;

    zone_free(rule->zone);
    rule->is_zone_default = zone == NULL;
    buffer_clear(&why);
    rule->zone = zone_open(zone == NULL ? "UTC" : zone, &why);
    if (rule->zone != NULL) return NULL;
    buffer_add_char(&why, '\0');
    return why.data;
}

void rule_release(struct rule *rule)
{
    for (int i = 0; i < rule->splits; i++)
        free(rule->split[i]);
    zone_free(rule->zone);
    *rule = (struct rule){0};
}

static bool max_check(const struct rule *rule, int64_t lateness_us, struct buffer *why)
{
    if (rule->gap_us == INT64_MAX) {
        buffer_add_literal(why, "--gap=none: one session per id is not cut (leave --max-duration "
                                "out)");
    } else if (lateness_us == INT64_MAX) {
        buffer_add_literal(why, "--max-duration: with --lateness=max no session can be cut "
                                "(--max-duration=none)");
    } else if (rule->max_us <= rule->gap_us + lateness_us) {
        buffer_add_literal(why,
                           "--max-duration: must be longer than --gap and --lateness together (");
        duration_print(why, rule->gap_us + lateness_us);
        buffer_add_literal(why, "), or none");
    } else {
        return true;
    }
    return false;
}

/* Who says of which zone times are may think that midnight is of it, too. */
static void midnight_tell(const struct rule *rule, const char *tz)
{
    if (rule->is_zone_default && !zone_in_step(tz, 86400))
        message("--split-at-midnight: midnight is of UTC, not of --tz=%s (--split-at-midnight=%s)",
                tz, tz);
}

bool rule_check(const struct rule *rule, const struct settings *settings, struct buffer *why)
{
    if (!settings->merge) midnight_tell(rule, settings->tz);
    return rule->max_us == INT64_MAX || max_check(rule, settings->lateness_us, why);
}

void rule_explain(const struct rule *rule, struct buffer *out)
{
    if (rule->gap_us != INT64_MAX) {
        buffer_add_literal(out, ", no pause longer than ");
        duration_print(out, rule->gap_us);
    }
    if (rule->max_us != INT64_MAX) {
        buffer_add_literal(out, ", cut after ");
        duration_print(out, rule->max_us);
    }
    for (int i = 0; i < rule->splits; i++) {
        buffer_add_literal(out, ", split on another ");
        json_add_inside(out, slice_of(rule->split[i]));
    }
    if (rule->zone != NULL) {
        buffer_add_literal(out, ", split at midnight of ");
        json_add_inside(out, slice_of(rule->zone->name));
    }
}
