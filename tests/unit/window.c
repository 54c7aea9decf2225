/* window.c - open windows: which event goes where, and that parts make a whole. */
#include "window/window.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tap.h"

#define MINUTE INT64_C(60000000)
#define EVENTS 3000

/* What one process has. */
struct process {
    struct run run;
    struct group_by by;
    struct aggregates aggregates;
    struct windows windows;
};

static void process_init_as(struct process *process, int64_t size_us, int64_t slide_us,
                            const char *group, bool updates)
{
    static const char *const texts[] = {
        "n=count",
        "sessions=distinct(session_id)",
        "buyers=distinct(session_id) if .event_type == \"purchase\"",
        "users=distinct(user_id)",
        "total=sum(price)",
        "low=min(product_id)",
        "last=last(product_id)",
        "first=first(product_id)",
        "mean=avg(price) if .event_type == \"purchase\"",
    };
    struct buffer why = {0};
    memset(process, 0, sizeof *process);
    process->run.settings.updates = updates;
    schema_init(&process->run.schema);
    group_by_init(&process->by);
    aggregates_init(&process->aggregates);
    bool good = group_by_add(&process->by, group, &process->run.schema, &why);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        good = good && aggregates_add(&process->aggregates, texts[i], &process->run.schema, &why);
    if (!good || !aggregates_complete(&process->aggregates, &why)) {
        printf("Bail out! %.*s\n", (int)why.len, why.data);
        exit(1);
    }
    buffer_release(&why);
    windows_init(&process->windows, &process->run, &process->by, &process->aggregates, size_us,
                 slide_us, 0);
}

static void process_init(struct process *process, int64_t size_us, int64_t slide_us,
                         const char *group)
{
    process_init_as(process, size_us, slide_us, group, false);
}

static void process_release(struct process *process)
{
    windows_release(&process->windows);
    aggregates_release(&process->aggregates);
    group_by_release(&process->by);
    schema_release(&process->run.schema);
}

/* Made-up events. */

static struct {
    int64_t time_us;
    int session, user, product, type, source, price;
} events[EVENTS];

static void events_make(int64_t span_us)
{
    for (int i = 0; i < EVENTS; i++) {
        events[i].time_us =
            (int64_t)(((uint64_t)rand() << 20 ^ (uint64_t)rand()) % (uint64_t)span_us) -
            span_us / 2;
        events[i].session = rand() % 200;
        events[i].user = rand() % 5;
        events[i].product = rand() % 30;
        events[i].type = rand() % 3;
        events[i].source = rand() % 4;
        events[i].price = rand() % 1000;
    }
}

static struct value text_value(char *out, const char *prefix, int number)
{
    return value_string(
        (struct slice){.text = out, .len = (size_t)sprintf(out, "%s%d", prefix, number)});
}

static enum fate event_add(struct process *process, int i, int64_t watermark_us, bool hint)
{
    static const char types[][16 + VALUE_PADDING] = {"page_view", "purchase", "search"};
    struct value value[SCHEMA_MAX] = {0};
    char texts[5][16 + VALUE_PADDING];
    struct event ev = {.time_us = events[i].time_us, .watermark_us = watermark_us, .value = value};
    value[SLOT_SESSION_ID] =
        events[i].session == 0 ? VALUE_NULL : text_value(texts[0], "s", events[i].session);
    value[SLOT_USER_ID] =
        events[i].user == 0 ? VALUE_NULL : text_value(texts[1], "U", events[i].user);
    value[SLOT_PRODUCT_ID] = text_value(texts[2], "p", events[i].product);
    value[SLOT_EVENT_TYPE] = value_string(slice_of(types[events[i].type]));
    value[SLOT_TRAFFIC_SOURCE] =
        events[i].source == 0 ? VALUE_NULL : text_value(texts[3], "Src", events[i].source);
    struct value price = text_value(texts[4], "", events[i].price);
    price.kind = KIND_NUMBER;
    value[schema_find(&process->run.schema, SLICE("price"))] = price;
    if (hint) windows_hint(&process->windows, &ev);
    return windows_event(&process->windows, &ev);
}

static struct buffer saved(struct process *process)
{
    struct buffer out = {0};
    windows_save(&process->windows, &out);
    return out;
}

static bool load(struct process *process, const struct buffer *state)
{
    struct unpack in = {.at = state->data, .end = state->data + state->len};
    return windows_load(&process->windows, &in) && in.at == in.end;
}

static bool same(struct buffer a, struct buffer b)
{
    const bool equal = slice_equal(buffer_slice(&a), buffer_slice(&b));
    buffer_release(&a);
    buffer_release(&b);
    return equal;
}

static void test_together(int64_t size_us, int64_t slide_us, const char *group)
{
    struct process whole, shuffled, left, right, merged;
    int wrong = 0;
    process_init(&whole, size_us, slide_us, group);
    process_init(&shuffled, size_us, slide_us, group);
    process_init(&left, size_us, slide_us, group);
    process_init(&right, size_us, slide_us, group);
    process_init(&merged, size_us, slide_us, group);
    events_make(50 * MINUTE);
    for (int i = 0; i < EVENTS; i++) {
        event_add(&whole, i, INT64_MIN, true);
        event_add(&shuffled, EVENTS - 1 - i, INT64_MIN, false);
        event_add(rand() % 3 == 0 ? &left : &right, i, INT64_MIN, rand() % 2 == 0);
    }
    ok(same(saved(&whole), saved(&shuffled)), "any order, hinted or not, gives the same state");
    struct buffer parts[2] = {saved(&right), saved(&left)};
    ok(load(&merged, &parts[0]) && load(&merged, &parts[1]),
       "parts are loaded one on top of the other");
    ok(same(saved(&whole), saved(&merged)), "parts merged are the whole");
    if (!whole.windows.panes.used)
        is_int((int64_t)merged.windows.keys, (int64_t)whole.windows.keys, "and hold as many keys");
    for (size_t len = 0; len < parts[0].len; len += 1 + len / 40) {
        struct process broken;
        struct buffer cut = {.data = parts[0].data, .len = len};
        process_init(&broken, size_us, slide_us, group);
        wrong += load(&broken, &cut);
        process_release(&broken);
    }
    is_int(wrong, 0, "a state that is cut off is refused");
    buffer_release(&parts[0]);
    buffer_release(&parts[1]);
    process_release(&whole);
    process_release(&shuffled);
    process_release(&left);
    process_release(&right);
    process_release(&merged);
}

static int closed_count;
static int64_t closed_events, closed_last_us;
static bool closed_in_order;

static void closed(void *context, struct window *window)
{
    struct process *process = context;
    size_t count;
    struct group **groups = windows_sorted(&process->windows, window, &count);
    for (size_t i = 0; i < count; i++) {
        closed_events += (int64_t)*cell_count(group_cells(groups[i]), 0);
        if (i > 0 && group_compare(window_key(window, groups[i - 1]), window_key(window, groups[i]),
                                   group_width(&process->by)) >= 0)
            closed_in_order = false;
    }
    if (closed_count++ > 0 && window->start_us <= closed_last_us) closed_in_order = false;
    closed_last_us = window->start_us;
}

/* Goes through the events in their order with a lateness, closing rarely or often: what comes out
 * is the same. */
static void run_through(struct process *process, int every, int64_t *late)
{
    const int64_t lateness_us = 3 * MINUTE;
    int64_t largest_us = INT64_MIN + lateness_us;
    closed_count = 0;
    closed_events = *late = 0;
    closed_in_order = true;
    for (int i = 0; i < EVENTS; i++) {
        *late += event_add(process, i, largest_us - lateness_us, true) == FATE_LATE;
        if (events[i].time_us > largest_us) largest_us = events[i].time_us;
        if (i % every == 0)
            windows_close(&process->windows, largest_us - lateness_us, closed, process);
    }
    windows_close(&process->windows, INT64_MAX, closed, process);
}

static void test_closing(void)
{
    struct process often, rarely;
    int64_t late_often, late_rarely;
    process_init(&often, 10 * MINUTE, 10 * MINUTE, "traffic_source");
    process_init(&rarely, 10 * MINUTE, 10 * MINUTE, "traffic_source");
    events_make(8 * MINUTE);
    for (int i = 0; i < EVENTS; i++)
        events[i].time_us += i * MINUTE / 30;
    run_through(&often, 1, &late_often);
    const int windows_often = closed_count;
    const int64_t events_often = closed_events;
    ok(closed_in_order, "windows come by start, their groups in order");
    run_through(&rarely, 700, &late_rarely);
    ok(late_often > 0, "some events are late");
    is_int(late_rarely, late_often, "when windows are closed does not decide who is late");
    is_int(closed_count, windows_often, "nor how many windows there are");
    is_int(closed_events, events_often, "nor what is in them");
    is_int(events_often + late_often, EVENTS, "every event is in a window or late");
    is_int((int64_t)often.windows.keys, 0, "closed windows hold nothing");
    process_release(&often);
    process_release(&rarely);
}

static void test_late_windows(void)
{
    struct process process;
    process_init(&process, 10 * MINUTE, 3 * MINUTE, "traffic_source");
    events_make(MINUTE);
    events[0].time_us = 10 * MINUTE; /* in windows from 3, 6 and 9 */
    is_int(event_add(&process, 0, 13 * MINUTE, true), FATE_USED,
           "an event late for some windows is used");
    is_int((int64_t)process.run.counters.late_windows, 1, "the window it missed is counted");
    is_int((int64_t)process.windows.open.count, 2, "it is in the others");
    is_int(event_add(&process, 0, 19 * MINUTE, true), FATE_LATE, "late for all of them is late");
    is_int((int64_t)process.run.counters.late_windows, 1, "and counted as that only");
    is_int(windows_floor(&process.windows, -1), -3 * MINUTE, "windows before 1970 are floored too");
    is_int(windows_floor(&process.windows, -3 * MINUTE), -3 * MINUTE, "a start is its own floor");
    process_release(&process);
}

/* Panes. */

static struct buffer rows; /* of the windows that were closed */

static void closed_write(void *context, struct window *window)
{
    struct process *process = context;
    windows_save_done(&process->windows, window, &rows);
}

/* Where event time is: two partitions, of which the first is ahead. */
struct course {
    int64_t largest_us[2];
};

static int64_t course_watermark(const struct course *course, int partition)
{
    const int64_t largest_us = course->largest_us[partition];
    return largest_us == INT64_MIN ? INT64_MIN : largest_us - 2 * MINUTE;
}

/* Goes through events first..last in the way that seed says: when windows are closed and when the
 * state is saved and loaded leave no trace. */
static void course_run(struct process *process, struct course *course, int first, int last,
                       bool restarts, int64_t *late)
{
    for (int i = first; i < last; i++) {
        const int partition = events[i].user % 2;
        const int64_t watermark_us = course_watermark(course, partition);
        *late += event_add(process, i, watermark_us, i % 3 == 0) == FATE_LATE;
        if (events[i].time_us > course->largest_us[partition])
            course->largest_us[partition] = events[i].time_us;
        const int64_t a_us = course_watermark(course, 0), b_us = course_watermark(course, 1);
        if (rand() % 20 == 0)
            windows_close(&process->windows, a_us < b_us ? a_us : b_us, closed_write, process);
        if (restarts && rand() % 300 == 0) {
            const bool updates = process->run.settings.updates;
            const uint64_t late_windows = process->run.counters.late_windows;
            struct buffer state = saved(process);
            const int64_t size_us = process->windows.size_us, slide_us = process->windows.slide_us;
            process_release(process);
            process_init_as(process, size_us, slide_us, "traffic_source", updates);
            process->run.counters.late_windows = late_windows;
            if (!load(process, &state)) printf("# a state is not loaded\n");
            buffer_release(&state);
        }
    }
}

static struct buffer course_rows(int64_t size_us, int64_t slide_us, bool panes, bool restarts,
                                 int64_t *late, uint64_t *late_windows)
{
    struct process process;
    struct course course = {.largest_us = {INT64_MIN, INT64_MIN}};
    process_init_as(&process, size_us, slide_us, "traffic_source", !panes);
    *late = 0;
    rows = (struct buffer){0};
    course_run(&process, &course, 0, EVENTS, restarts, late);
    windows_close(&process.windows, INT64_MAX, closed_write, &process);
    *late_windows = process.run.counters.late_windows;
    if (process.windows.keys != 0) printf("# keys are left\n");
    if (process.windows.panes.used != panes || process.windows.keys != 0)
        buffer_add_char(&rows, '!');
    process_release(&process);
    return rows;
}

static void test_panes(int64_t size_us, int64_t slide_us, int64_t jump_us)
{
    int64_t late[3];
    uint64_t late_windows[3];
    events_make(12 * MINUTE);
    for (int i = 0; i < EVENTS; i++)
        events[i].time_us += i * MINUTE / 20 + (i > EVENTS / 2) * jump_us;
    struct buffer plain = course_rows(size_us, slide_us, false, false, &late[0], &late_windows[0]);
    struct buffer panes = course_rows(size_us, slide_us, true, false, &late[1], &late_windows[1]);
    struct buffer again = course_rows(size_us, slide_us, true, true, &late[2], &late_windows[2]);
    ok(plain.len > 0 && late_windows[0] > 0, "windows close, and some are missed");
    printf("# %" PRId64 " events are late\n", late[0]);
    ok(slice_equal(buffer_slice(&panes), buffer_slice(&plain)),
       "windows made of panes are those that each event was added to");
    ok(slice_equal(buffer_slice(&again), buffer_slice(&plain)),
       "so are those of runs that stop and go on");
    ok(late[1] == late[0] && late[2] == late[0], "as many events are late");
    ok(late_windows[1] == late_windows[0] && late_windows[2] == late_windows[0],
       "and as many windows are missed");
    buffer_release(&plain);
    buffer_release(&panes);
    buffer_release(&again);
}

/* A range of --jobs keeps what starts at its border or before, and closes the rest: what it hands
 * over and what it has printed are all windows, each once. */
static void test_panes_range(int64_t border_us)
{
    struct process plain, panes, rest[2];
    struct buffer printed[2], after[2];
    int64_t late[2] = {0};
    process_init_as(&plain, 10 * MINUTE, 2 * MINUTE, "traffic_source", true);
    process_init_as(&panes, 10 * MINUTE, 2 * MINUTE, "traffic_source", false);
    events_make(12 * MINUTE);
    for (int i = 0; i < EVENTS; i++)
        events[i].time_us += i * MINUTE / 20;
    struct process *const of[2] = {&plain, &panes};
    for (int i = 0; i < 2; i++) {
        const int64_t begin_us = border_us == INT64_MAX ? INT64_MIN : border_us;
        struct course course = {.largest_us = {begin_us, begin_us}};
        windows_range(&of[i]->windows, border_us);
        of[i]->windows.in_range = false; /* what is written is in order, to be compared */
        rows = (struct buffer){0};
        course_run(of[i], &course, 0, EVENTS, false, &late[i]);
        printed[i] = rows;
        struct buffer handed = saved(of[i]);
        process_init_as(&rest[i], 10 * MINUTE, 2 * MINUTE, "traffic_source", i == 0);
        /* The run has events of its own, the last of them in the window that is loaded first. */
        int last = 0;
        for (int j = 0; j < EVENTS; j++)
            if (events[j].time_us > events[last].time_us) last = j;
        for (int j = 0; j < 50; j++)
            event_add(&rest[i], j, INT64_MIN, true);
        event_add(&rest[i], last, INT64_MIN, true);
        if (!load(&rest[i], &handed)) printf("# what is handed over is not loaded\n");
        buffer_release(&handed);
        rows = (struct buffer){0};
        windows_close(&rest[i].windows, INT64_MAX, closed_write, &rest[i]);
        after[i] = rows;
        process_release(&rest[i]);
        process_release(of[i]);
    }
    ok(after[0].len > 0 && same(after[0], after[1]), "a range hands over the same windows");
    ok(same(printed[0], printed[1]), "and has closed the same before");
}

int main(void)
{
    srand(1);
    test_together(10 * MINUTE, 10 * MINUTE, "traffic_source");
    test_together(10 * MINUTE, 3 * MINUTE, "term=lower(traffic_source),product_id");
    test_together(10 * MINUTE, 2 * MINUTE, "term=lower(traffic_source),product_id");
    test_together(MINUTE, MINUTE, "");
    test_panes(10 * MINUTE, 2 * MINUTE, 0);
    test_panes(12 * MINUTE, MINUTE, 0);
    test_panes(6 * MINUTE, MINUTE / 10, 600 * MINUTE);
    test_panes(60 * MINUTE, 20 * MINUTE, 3 * 60 * MINUTE);
    test_panes_range(20 * MINUTE);
    test_panes_range(INT64_MAX);
    test_closing();
    test_late_windows();
    return plan();
}
