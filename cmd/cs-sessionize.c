/*
 * cs-sessionize - one row per session: who, when, and what was done in it.
 *
 * Which events make a session, and when it is complete, is session.h's business; what is kept of
 * them, field.h's. What is here: the options, and the members of the row.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/list.h"
#include "base/memory.h"
#include "run/tool.h"
#include "session/border.h"
#include "session/field.h"
#include "session/identity.h"
#include "session/session.h"
#include "session/weave.h"

static const char *id = "session_id";
static int64_t gap_us = INT64_C(1800000000);
static int64_t max_us = INT64_C(86400000000);
static struct option_list split_by;

static const struct option_row options[] = {
    {.name = "id",
     .type = OPTION_TEXT,
     .target = &id,
     .argument = "F",
     .help = "the member that says whose session it is (default session_id)"},
    {.name = "gap",
     .type = OPTION_DURATION,
     .target = &gap_us,
     .argument = "DUR",
     .words = "none",
     .least = 1,
     .help = "a longer pause ends a session (default 30m); none: one session per id"},
    {.name = "max-duration",
     .type = OPTION_DURATION,
     .target = &max_us,
     .argument = "DUR",
     .words = "none",
     .least = 1,
     .help = "a longer session is cut (default 24h)"},
    {.name = "split-by",
     .type = OPTION_LIST,
     .target = &split_by,
     .argument = "F,...",
     .help = "events that differ in one of these members are in different sessions"},
    OPTION_END,
};

static const struct field row_fields[] = {
    {"user_id", &field_last, "user_id"},
    {"traffic_source", &field_first, "traffic_source"},
    {"device_type", &field_first, "device_type"},
    {"session_start", &field_start, NULL},
    {"last_event_time", &field_end, NULL},
    {"session_duration_seconds", &field_seconds, NULL},
    {"total_events", &field_events, NULL},
    {"page_views", &field_count, "page_view"},
    {"product_views", &field_count, "product_view"},
    {"add_to_carts", &field_count, "add_to_cart"},
    {"converted", &field_any, "purchase"},
    {"viewed_products", &field_list, "product_id"},
    {"viewed_products_truncated", &field_list_cut, "product_id"},
    FIELD_END,
};

/* One of these belongs to a run. */
struct sessionize {
    struct identity identity;
    struct fields fields;
    struct sessions sessions;
    struct border border; /* of a range of --jobs */
    struct weave weave;
};

static void split_add(struct run *run, struct identity *identity)
{
    struct list members = {0};

    option_items(&members, "split-by", &split_by, LIST_NAMES);
    for (size_t i = 0; i < members.count; i++)
        if (!identity_add(identity, &run->schema, members.item[i].name))
            die_usage("--split-by: more than %d members are read", SCHEMA_MAX);
    list_release(&members);
}

static void settle(struct settings *settings)
{
    (void)settings;
    if (gap_us == INT64_MAX && !option_given("max-duration")) max_us = INT64_MAX;
}

static void durations_check(const struct settings *settings)
{
    struct buffer sum = {0};

    if (gap_us == INT64_MAX && max_us != INT64_MAX)
        die_usage("--gap=none: one session per id is not cut (leave --max-duration out)");
    if (max_us == INT64_MAX) return;
    if (settings->lateness_us == INT64_MAX)
        die_usage(
            "--max-duration: with --lateness=max no session can be cut (--max-duration=none)");
    if (max_us > gap_us + settings->lateness_us) return;
    duration_print(&sum, gap_us + settings->lateness_us);
    die_usage("--max-duration: must be longer than --gap and --lateness together (%.*s), or none",
              (int)sum.len, sum.data);
}

static int64_t range_reach(const struct run *run)
{
    const struct sessionize *own = run->own;
    return own->sessions.gap_us;
}

static void range_begin(struct run *run, int64_t border_us)
{
    struct sessionize *own = run->own;
    border_init(&own->border, border_us, own->sessions.gap_us);
}

static void keys_count(struct run *run)
{
    const struct sessionize *own = run->own;
    run->counters.keys = timelines_count(&own->sessions.timelines) + own->border.met;
}

static void hint(struct run *run, struct event *ev)
{
    struct sessionize *own = run->own;
    if (own->border.holds_all) return;
    const struct id bits = identity_hint(&own->identity, ev);
    timelines_hint(&own->sessions.timelines, bits);
    border_hint(&own->border, bits);
}

static enum fate event(struct run *run, const struct event *ev)
{
    struct sessionize *own = run->own;
    struct sessions *sessions = &own->sessions;
    const uint32_t number =
        own->border.holds_all ? POOL_NONE : timelines_take(&sessions->timelines, identity_id(ev));

    if (!identity_has(&own->identity, ev)) return FATE_NO_ID;
    /* Of an id of which this range knows nothing, the run may have something open. */
    if (number == POOL_NONE &&
        border_leaves(&own->border, identity_id(ev), ev->time_us, ev->watermark_us)) {
        keys_count(run);
        return FATE_DEFERRED;
    }
    const struct click click = fields_click(&own->fields, ev);
    const bool used = sessions_event(sessions, number, &own->identity, ev, &click);
    keys_count(run);
    return used ? FATE_USED : FATE_LATE;
}

static void print_session(void *context, const struct session *session)
{
    const struct run *run = context;
    struct sessionize *own = run->own;
    struct rows *rows = run->rows;
    struct overview overview;

    stretch_overview(&overview, &own->sessions.timelines.stretches, session->stretch);
    if (own->border.is_range)
        weave_note(&own->weave, rows, session);
    else
        weave_let(&own->weave, rows, session);
    fields_print(&own->fields, &own->identity, rows, &overview, NULL);
}

static void advance(struct run *run, int64_t watermark_us)
{
    struct sessionize *own = run->own;
    sessions_advance(&own->sessions, watermark_us, print_session, run);
    keys_count(run);
}

static void finish(struct run *run)
{
    struct sessionize *own = run->own;
    sessions_finish(&own->sessions, print_session, run);
    run->counters.keys = 0;
}

static void save(struct run *run, struct buffer *out)
{
    struct sessionize *own = run->own;
    sessions_save(&own->sessions, out);
}

static void hand_over(struct run *run, struct buffer *out)
{
    const struct sessionize *own = run->own;
    weave_save(&own->weave, out);
    save(run, out);
}

static bool range_weave(struct run *run, struct slice rows, struct unpack *in)
{
    struct sessionize *own = run->own;
    return weave_begin(&own->weave, rows, in);
}

static bool load(struct run *run, struct unpack *in)
{
    struct sessionize *own = run->own;
    const bool good = sessions_load(&own->sessions, in);

    keys_count(run);
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
    buffer_add_literal(out, "a session: ");
    identity_explain(&own->identity, &run->schema, out);
    if (gap_us != INT64_MAX) {
        buffer_add_literal(out, ", no pause longer than ");
        duration_print(out, gap_us);
    }
    if (max_us != INT64_MAX) {
        buffer_add_literal(out, ", cut after ");
        duration_print(out, max_us);
    }
    buffer_add_char(out, '\n');
}

static void release(struct run *run)
{
    struct sessionize *own = run->own;
    if (own == NULL) return;
    sessions_release(&own->sessions);
    identity_release(&own->identity);
    border_release(&own->border);
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
    split_add(run, &own->identity);
    durations_check(&run->settings);
    if (!fields_init(&own->fields, row_fields, &own->identity, &run->schema, run->rows, &why))
        die_usage("--id: %.*s", (int)why.len, why.data);
    sessions_init(&own->sessions, &own->fields.kept, gap_us, max_us);
    return &analysis;
}

static const struct tool tool = {
    .name = "cs-sessionize",
    .summary = "turn events into sessions, one row each",
    .options = options,
    .settle = settle,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
