/*
 * cs-sessionize - one row per session: who, when, and what was done in it.
 *
 * Which events make a session is session.h's business; what its rows are, visit.h's. Here: options.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"
#include "run/tool.h"
#include "session/border.h"
#include "session/identity.h"
#include "session/merged.h"
#include "session/rule.h"
#include "session/visit.h"
#include "session/weave.h"

static const char *id = "session_id";
static struct rule rule = {.gap_us = 1800000000, .max_us = 86400000000};
static struct option_list split_by, split_on;
static struct visit_asks asks = {.page_cap_us = 1800000000, .remember_us = 86400000000};

static const char *path_set(const char *value)
{
    return path_parse(value, &asks.path);
}

static const char *midnight_set(const char *zone)
{
    return rule_midnight(&rule, zone);
}

static const struct option_row options[] = {
    {.name = "id",
     .type = OPTION_TEXT,
     .target = &id,
     .argument = "F",
     .help = "the member that says whose session it is (default session_id)"},
    {.name = "gap",
     .type = OPTION_DURATION,
     .target = &rule.gap_us,
     .argument = "DUR",
     .words = "none",
     .least = 1,
     .help = "a longer pause ends a session (default 30m); none: one session per id"},
    {.name = "max-duration",
     .type = OPTION_DURATION,
     .target = &rule.max_us,
     .argument = "DUR",
     .words = "none",
     .least = 1,
     .help = "a longer session is cut (default 24h)"},
    {.name = "split-by",
     .type = OPTION_LIST,
     .target = &split_by,
     .argument = "F,...",
     .help = "events that differ in one of these members are in different sessions"},
    {.name = "split-on",
     .type = OPTION_LIST,
     .target = &split_on,
     .argument = "F,...",
     .help = "another value of one of these members begins a new session"},
    {.name = "split-at-midnight",
     .type = OPTION_CALL,
     .call = midnight_set,
     .argument = "[TZ]",
     .help = "another day begins a new session (default of UTC)"},
    {.name = "detail",
     .type = OPTION_FLAG,
     .target = &asks.detail,
     .help = "rows also say pages, engagement, which visit it was and what ended it"},
    {.name = "path",
     .type = OPTION_CALL,
     .call = path_set,
     .target = &asks.path,
     .argument = "[N]",
     .help = "rows also have the first N pages (default 200)"},
    {.name = "pages",
     .type = OPTION_FLAG,
     .target = &asks.pages,
     .help = "one row a page instead of a session"},
    {.name = "agg",
     .type = OPTION_LIST,
     .target = &asks.agg,
     .argument = "NAME=FUNC[(F)][ if EXPR]",
     .help = "rows also have what is counted or kept of the events, as in cs-window"},
    {.name = "page-cap",
     .type = OPTION_DURATION,
     .target = &asks.page_cap_us,
     .argument = "DUR",
     .words = "none",
     .least = 1,
     .help = "the most that a page counts for (default 30m)"},
    {.name = "remember",
     .type = OPTION_DURATION,
     .target = &asks.remember_us,
     .argument = "DUR",
     .help = "--detail: for how long an id's visits are counted on (default 24h)"},
    OPTION_END,
};

/* One of these belongs to a run. */
struct sessionize {
    struct identity identity;
    struct visits visits;
    struct border border; /* of a range of --jobs */
    struct weave weave;
    size_t beside; /* keys that are not in the timelines */
};

static void settle(struct settings *settings __attribute__((unused)))
{
    if (rule.gap_us == INT64_MAX && !option_given("max-duration")) rule.max_us = INT64_MAX;
}

static int64_t range_reach(const struct run *run)
{
    const struct sessionize *own = run->own;
    return visits_reach(&own->visits);
}

static void range_begin(struct run *run, int64_t border_us)
{
    struct sessionize *own = run->own;
    border_init(&own->border, border_us, visits_reach(&own->visits));
}

static void keys_count(struct run *run)
{
    const struct sessionize *own = run->own;
    run->counters.keys = timelines_count(&own->visits.sessions.timelines) + own->beside;
}

/* The same when more than the timelines may have changed. */
static void keys_count_all(struct run *run)
{
    struct sessionize *own = run->own;
    own->beside = own->border.met + visits_beside(&own->visits);
    keys_count(run);
}

static void hint(struct run *run, struct event *ev)
{
    struct sessionize *own = run->own;
    if (own->border.holds_all) return;
    const struct id bits = identity_hint(&own->identity, ev);
    timelines_hint(&own->visits.sessions.timelines, bits);
    border_hint(&own->border, bits);
}

static enum fate event(struct run *run, const struct event *ev)
{
    struct sessionize *own = run->own;
    const uint32_t number = own->border.holds_all
                                ? POOL_NONE
                                : timelines_take(&own->visits.sessions.timelines, identity_id(ev));
    if (!identity_has(&own->identity, ev)) return FATE_NO_ID;
    /* Of an id of which this range knows nothing, the run may have something open. */
    if (number == POOL_NONE &&
        border_leaves(&own->border, identity_id(ev), ev->time_us, ev->watermark_us)) {
        keys_count_all(run);
        return FATE_DEFERRED;
    }
    const bool used = visits_event(&own->visits, number, &own->identity, ev);
    keys_count(run);
    return used ? FATE_USED : FATE_LATE;
}

static void print_session(void *context, const struct session *session)
{
    const struct run *run = context;
    struct sessionize *own = run->own;
    const struct session_place place = session_place(session->stretch);
    weave_row(&own->weave, &own->border, run->rows,
              &(struct weave_place){
                  .first = {place.last_us}, .name = place.name, .last = place.start_us});
    visits_print(&own->visits, &own->identity, run->rows, session);
}

static void advance(struct run *run, int64_t watermark_us)
{
    struct sessionize *own = run->own;
    visits_advance(&own->visits, watermark_us, print_session, run);
    keys_count_all(run);
}

static void updates(struct run *run)
{
    visits_updates(&((struct sessionize *)run->own)->visits, print_session, run);
}

static void finish(struct run *run)
{
    struct sessionize *own = run->own;
    visits_finish(&own->visits, print_session, run);
    keys_count_all(run);
}

static void save(struct run *run, struct buffer *out)
{
    visits_save(&((struct sessionize *)run->own)->visits, out);
}

static void hand_over(struct run *run, struct buffer *out)
{
    const struct sessionize *own = run->own;
    weave_save(&own->weave, out);
    save(run, out);
}

static bool range_weave(struct run *run, struct slice rows, struct unpack *in)
{
    return weave_begin(&((struct sessionize *)run->own)->weave, rows, in);
}

static bool load(struct run *run, struct unpack *in)
{
    struct sessionize *own = run->own;
    const bool good = visits_load(&own->visits, in);
    keys_count_all(run);
    return good;
}

static bool add(struct run *run, struct unpack *in)
{
    struct sessionize *own = run->own;
    weave_end(&own->weave, run->rows);
    return load(run, in);
}

static void explain(struct run *run, struct buffer *out)
{
    const struct sessionize *own = run->own;
    visits_explain(&own->visits, &own->identity, &run->schema, out);
}

static void release(struct run *run)
{
    struct sessionize *own = run->own;
    if (own == NULL) return;
    visits_release(&own->visits);
    rule_release(&rule);
    identity_release(&own->identity);
    border_release(&own->border);
    weave_release(&own->weave);
    merged_release();
    free(own);
}

static const struct ranges ranges = {
    .bulky = true,
    .reach = range_reach,
    .begin = range_begin,
    .hand_over = hand_over,
    .weave = range_weave,
    .add = add,
};

static const struct analysis analysis = {
    .hint = hint,
    .event = event,
    .advance = advance,
    .updates = updates,
    .finish = finish,
    .save = save,
    .load = load,
    .explain = explain,
    .ranges = &ranges,
};

static const struct analysis *start(struct run *run)
{
    struct sessionize *own = run->own = memory_zero(1, sizeof *own);
    struct buffer why = {0};
    if (!identity_init(&own->identity, &run->schema, id, &why))
        die_usage("--id: %.*s", (int)why.len, why.data);
    rule_split_on(&rule, &split_on, &run->schema);
    identity_add_all(&own->identity, &run->schema, "split-by", &split_by);
    asks.updates = run->settings.updates;
    if (!visit_asks_check(&asks, &why) || !rule_check(&rule, &run->settings, &why) ||
        !visits_init(&own->visits, &asks, &rule, &own->identity, &run->schema, run->rows, &why))
        die_usage("%.*s", (int)why.len, why.data);
    visits_watch(&own->visits, &own->identity, run);
    return run->settings.merge ? merged_begin(run, &own->identity, MERGED_SESSIONS) : &analysis;
}

static const struct tool tool = {
    .name = "cs-sessionize",
    .summary = "turn events into sessions, one row each",
    .options = options,
    .flags = TOOL_UPDATES | TOOL_SORTS,
    .settle = settle,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
