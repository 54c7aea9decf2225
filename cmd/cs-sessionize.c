/*
 * cs-sessionize - one row per session: who, when, and what was done in it.
 *
 * Which events make a session, and when it is complete, is session.h's business; what is kept of
 * them, stretch.h's. What is here: the options, and the row.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/list.h"
#include "run/tool.h"
#include "session/border.h"
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

enum column {
    COLUMN_ID,
    COLUMN_USER,
    COLUMN_SOURCE,
    COLUMN_DEVICE,
    COLUMN_START,
    COLUMN_LAST,
    COLUMN_DURATION,
    COLUMN_EVENTS,
    COLUMN_PAGE_VIEWS,
    COLUMN_PRODUCT_VIEWS,
    COLUMN_ADD_TO_CARTS,
    COLUMN_CONVERTED,
    COLUMN_PRODUCTS,
    COLUMN_PRODUCTS_CUT,
    COLUMN_COUNT,
};

/* The id's name is the user's choice; those from COLUMN_START on are worked out, so it is none of
 * them. */
static const char *const names[COLUMN_COUNT] = {
    [COLUMN_USER] = "user_id",
    [COLUMN_SOURCE] = "traffic_source",
    [COLUMN_DEVICE] = "device_type",
    [COLUMN_START] = "session_start",
    [COLUMN_LAST] = "last_event_time",
    [COLUMN_DURATION] = "session_duration_seconds",
    [COLUMN_EVENTS] = "total_events",
    [COLUMN_PAGE_VIEWS] = "page_views",
    [COLUMN_PRODUCT_VIEWS] = "product_views",
    [COLUMN_ADD_TO_CARTS] = "add_to_carts",
    [COLUMN_CONVERTED] = "converted",
    [COLUMN_PRODUCTS] = "viewed_products",
    [COLUMN_PRODUCTS_CUT] = "viewed_products_truncated",
};

static struct sessions sessions;
static struct identity identity;
static bool in_range;        /* of --jobs */
static bool leaves_all;      /* this range leaves every event to the run */
static struct border border; /* what it holds back */
static struct weave weave;
static int member[COLUMN_COUNT];     /* of the row; -1: the id is printed under this name */
static int split_member[SCHEMA_MAX]; /* likewise, for the members of --split-by */

static void start_split(struct run *run)
{
    struct list members = {0};

    option_items(&members, "split-by", &split_by, LIST_NAMES);
    for (size_t i = 0; i < members.count; i++)
        if (!identity_add(&identity, &run->schema, members.item[i].name))
            die_usage("--split-by: more than %d members are read", SCHEMA_MAX);
    list_release(&members);
}

static void settle(struct settings *settings)
{
    (void)settings;
    if (gap_us == INT64_MAX && !option_given("max-duration")) max_us = INT64_MAX;
}

static void start_durations(const struct settings *settings)
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

static void start_rows(struct run *run)
{
    member[COLUMN_ID] = rows_member(run->rows, slice_of(id));
    for (int column = COLUMN_ID + 1; column < COLUMN_COUNT; column++) {
        const bool is_id = slice_equal(slice_of(names[column]), slice_of(id));
        if (is_id && column >= COLUMN_START)
            die_usage("--id: '%s' is worked out, and has a place in the row", id);
        member[column] = is_id ? -1 : rows_member(run->rows, slice_of(names[column]));
    }
    for (int i = 1; i < identity.count; i++) {
        const struct slice name = run->schema.name[identity.slot[i]];
        split_member[i] = rows_find(run->rows, name) >= 0 ? -1 : rows_member(run->rows, name);
    }
}

static int64_t range_reach(const struct run *run)
{
    (void)run;
    return gap_us;
}

static void range_begin(struct run *run, int64_t border_us)
{
    (void)run;
    in_range = true;
    leaves_all = border_us == INT64_MAX;
    if (!leaves_all) border_init(&border, border_us, gap_us);
}

static void keys_count(struct run *run)
{
    run->counters.keys = timelines_count(&sessions.timelines) + border.met;
}

static void hint(struct run *run, struct event *ev)
{
    (void)run;
    if (leaves_all) return;
    const struct id bits = identity_hint(&identity, ev);
    timelines_hint(&sessions.timelines, bits);
    if (in_range) border_hint(&border, bits);
}

/* Does a range leave the event of an id to the run, because what that has open may go on with it?
 * number: of the id's timeline here. */
static bool is_left(const struct event *ev, uint32_t number)
{
    return in_range && number == POOL_NONE &&
           (leaves_all || border_holds(&border, identity_id(ev), ev->time_us, ev->watermark_us));
}

static enum fate event(struct run *run, const struct event *ev)
{
    const uint32_t number =
        leaves_all ? POOL_NONE : timelines_take(&sessions.timelines, identity_id(ev));
    if (!identity_has(&identity, ev)) return FATE_NO_ID;
    if (is_left(ev, number)) {
        keys_count(run);
        return FATE_DEFERRED;
    }
    const struct click click = {.time_us = ev->time_us,
                                .watermark_us = ev->watermark_us,
                                .action = action_of(event_value(ev, SLOT_EVENT_TYPE)),
                                .user = event_value(ev, SLOT_USER_ID),
                                .source = event_value(ev, SLOT_TRAFFIC_SOURCE),
                                .device = event_value(ev, SLOT_DEVICE_TYPE),
                                .product = event_value(ev, SLOT_PRODUCT_ID)};

    const bool used = number != POOL_NONE ? sessions_add(&sessions, number, &click)
                                          : sessions_begin(&sessions, identity_id(ev),
                                                           identity_name(&identity, ev), &click);
    keys_count(run);
    return used ? FATE_USED : FATE_LATE;
}

static void print_said(struct rows *rows, enum column column, struct value said)
{
    if (member[column] >= 0) rows_value(rows, member[column], said);
}

static void print_session(void *context, const struct session *session)
{
    const struct run *run = context;
    struct rows *rows = run->rows;
    const struct stretch *stretch = session->stretch;
    const struct summary summary = stretch_summary(stretch);
    struct slice name = summary.name;

    if (in_range)
        weave_note(&weave, rows, session);
    else
        weave_let(&weave, rows, session);
    rows_begin(rows);
    rows_value(rows, member[COLUMN_ID], timeline_name_value(&name));
    print_said(rows, COLUMN_USER, summary.user);
    print_said(rows, COLUMN_SOURCE, summary.source);
    print_said(rows, COLUMN_DEVICE, summary.device);
    rows_time(rows, member[COLUMN_START], stretch->start_us);
    rows_time(rows, member[COLUMN_LAST], stretch->last_us);
    rows_seconds(rows, member[COLUMN_DURATION], stretch->last_us - stretch->start_us);
    rows_int(rows, member[COLUMN_EVENTS], (int64_t)stretch_events(stretch));
    rows_int(rows, member[COLUMN_PAGE_VIEWS], stretch->counts[ACTION_PAGE_VIEW]);
    rows_int(rows, member[COLUMN_PRODUCT_VIEWS], stretch->counts[ACTION_PRODUCT_VIEW]);
    rows_int(rows, member[COLUMN_ADD_TO_CARTS], stretch->counts[ACTION_ADD_TO_CART]);
    rows_bool(rows, member[COLUMN_CONVERTED], stretch->counts[ACTION_PURCHASE] > 0);
    stretch_print_products(stretch, &summary, rows, member[COLUMN_PRODUCTS]);
    rows_bool(rows, member[COLUMN_PRODUCTS_CUT], stretch_products_cut(stretch));
    for (int i = 1; i < identity.count; i++) {
        const struct value value = timeline_name_value(&name);
        if (split_member[i] >= 0) rows_value(rows, split_member[i], value);
    }
    rows_end(rows);
}

static void advance(struct run *run, int64_t watermark_us)
{
    sessions_advance(&sessions, watermark_us, print_session, run);
    keys_count(run);
}

static void finish(struct run *run)
{
    sessions_finish(&sessions, print_session, run);
    run->counters.keys = 0;
}

static void save(struct run *run, struct buffer *out)
{
    (void)run;
    sessions_save(&sessions, out);
}

static void hand_over(struct run *run, struct buffer *out)
{
    weave_save(&weave, out);
    save(run, out);
}

static bool range_weave(struct run *run, struct slice rows, struct unpack *in)
{
    (void)run;
    return weave_begin(&weave, rows, in);
}

static bool load(struct run *run, struct unpack *in)
{
    const bool good = sessions_load(&sessions, in);
    keys_count(run);
    return good;
}

static bool add(struct run *run, struct unpack *in)
{
    weave_end(&weave, run->rows);
    return load(run, in);
}

static void explain(struct run *run, struct buffer *out)
{
    buffer_add_literal(out, "a session: one ");
    json_add_inside(out, slice_of(id));
    for (int i = 1; i < identity.count; i++) {
        buffer_add_literal(out, ", one ");
        json_add_inside(out, run->schema.name[identity.slot[i]]);
    }
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
    (void)run;
    sessions_release(&sessions);
    identity_release(&identity);
    border_release(&border);
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
    if (*id == '\0') die_usage("--id: which member?");
    if (!identity_add(&identity, &run->schema, slice_of(id)))
        die_usage("--id: more than %d members are read", SCHEMA_MAX);
    start_split(run);
    start_durations(&run->settings);
    schema_need(&run->schema, SLICE("event_type"));
    schema_need(&run->schema, SLICE("user_id"));
    schema_need(&run->schema, SLICE("traffic_source"));
    schema_need(&run->schema, SLICE("device_type"));
    schema_need(&run->schema, SLICE("product_id"));
    start_rows(run);
    sessions_init(&sessions, gap_us, max_us);
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
