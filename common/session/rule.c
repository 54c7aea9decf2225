#include "session/rule.h"

#include "base/duration.h"

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

bool rule_check(const struct rule *rule, int64_t lateness_us, struct buffer *why)
{
    return rule->max_us == INT64_MAX || max_check(rule, lateness_us, why);
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
}
