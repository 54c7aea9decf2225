#include "session/merged.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/slab.h"

/* A row that waits: its place in the order, then its name and its text. */
struct waiting_row {
    int64_t time_us, start_us;
    const struct partition *partition;
    uint64_t arrival; /* rows of one id and moment are of one input, and stay as they were there */
    size_t name_len, key_len, row_len;
    char bytes[];
};

/* The last row of an input. */
struct branch {
    const struct partition *partition;
    int64_t time_us, start_us;
    struct buffer name;
};

/* The one of this process. */
static struct merged {
    struct identity *identity;
    enum merged_kind kind;
    int end_slot, idle_slot, start_slot; /* -1: rows have no such member */
    struct buffer head;                  /* how every row begins */
    struct branch *branch;
    size_t branches, branch_now;
    struct waiting_row **heap; /* the first of them on top */
    size_t count, cap;
    struct slab slab;
    uint64_t arrivals, behind;
    struct waiting_row *last; /* the last that was printed */
} merged;

static size_t row_bytes(const struct waiting_row *row)
{
    return sizeof *row + row->name_len + row->key_len + row->row_len;
}

static void row_free(struct waiting_row *row)
{
    if (row != NULL) slab_give(&merged.slab, (char *)row, row_bytes(row));
}

static struct slice row_name(const struct waiting_row *row)
{
    return (struct slice){.text = row->bytes, .len = row->name_len};
}

/* --- the order --- */

static int place_compare(int64_t time_us, struct slice name, int64_t start_us, int64_t other_us,
                         struct slice other_name, int64_t other_start_us)
{
    if (time_us != other_us) return time_us < other_us ? -1 : 1;
    const int order = name_compare(name, other_name);
    if (order != 0) return order;
    return (start_us > other_start_us) - (start_us < other_start_us);
}

static int row_place(const struct waiting_row *one, const struct waiting_row *other)
{
    return place_compare(one->time_us, row_name(one), one->start_us, other->time_us,
                         row_name(other), other->start_us);
}

static bool row_before(const struct waiting_row *one, const struct waiting_row *other)
{
    const int order = row_place(one, other);
    return order != 0 ? order < 0 : one->arrival < other->arrival;
}

static void heap_put(struct waiting_row *row)
{
    if (merged.count == merged.cap) {
        merged.cap = merged.cap == 0 ? 1024 : merged.cap * 2;
        merged.heap = memory_resize(merged.heap, merged.cap, sizeof(struct waiting_row *));
    }
    size_t at = merged.count++;
    for (; at > 0 && row_before(row, merged.heap[(at - 1) / 2]); at = (at - 1) / 2)
        merged.heap[at] = merged.heap[(at - 1) / 2];
    merged.heap[at] = row;
}

static struct waiting_row *heap_take(void)
{
    struct waiting_row *const top = merged.heap[0];
    struct waiting_row *const row = merged.heap[--merged.count];
    size_t at = 0;
    for (size_t child = 1; child < merged.count; child = 2 * at + 1) {
        if (child + 1 < merged.count && row_before(merged.heap[child + 1], merged.heap[child]))
            child++;
        if (!row_before(merged.heap[child], row)) break;
        merged.heap[at] = merged.heap[child];
        at = child;
    }
    if (merged.count > 0) merged.heap[at] = row;
    return top;
}

/* --- rows that come --- */

static struct branch *branch_of(const struct partition *partition)
{
    if (merged.branch_now < merged.branches &&
        merged.branch[merged.branch_now].partition == partition)
        return &merged.branch[merged.branch_now];
    for (size_t i = 0; i < merged.branches; i++)
        if (merged.branch[i].partition == partition) {
            merged.branch_now = i;
            return &merged.branch[i];
        }
    merged.branch = memory_resize(merged.branch, merged.branches + 1, sizeof merged.branch[0]);
    merged.branch[merged.branches] =
        (struct branch){.partition = partition, .time_us = INT64_MIN, .start_us = INT64_MIN};
    merged.branch_now = merged.branches;
    return &merged.branch[merged.branches++];
}

static enum reason refuse(struct run *run, const char *fault)
{
    run->fault = fault;
    return REASON_BAD_MEMBER;
}

static bool is_time(const struct event *ev, int slot, int64_t *out_us)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    const struct value value = event_value(ev, slot);
    return value.kind == KIND_STRING && instant_parse(value, &format, out_us);
}

/* Where the row stands in the order. False: it is none of these rows. */
static bool row_read(const struct event *ev, int64_t *time_us, int64_t *start_us)
{
    const struct identity *identity = merged.identity;
    int64_t idle_us = 0;
    for (int i = 0; i < identity->count; i++)
        if (event_value(ev, identity->slot[i]).text == NULL) return false;
    if (ev->line.len < merged.head.len ||
        memcmp(ev->line.text, merged.head.data, merged.head.len) != 0 ||
        !is_time(ev, merged.end_slot, time_us))
        return false;
    *start_us = *time_us;
    if (merged.start_slot >= 0 && !is_time(ev, merged.start_slot, start_us)) return false;
    if (merged.idle_slot >= 0) {
        const struct value idle = event_value(ev, merged.idle_slot);
        if (idle.kind != KIND_NUMBER || !number_floor(value_slice(idle), 6, &idle_us) ||
            idle_us < 0 || idle_us > INSTANT_MAX)
            return false;
    }
    if (merged.kind == MERGED_ALERTS) *time_us += idle_us;
    return true;
}

/* The row's place becomes its time. A row of cs-abandon that came late follows the one before it,
 * as it did where it was printed. */
static enum reason merged_amend(struct run *run, struct event *ev)
{
    int64_t time_us, start_us;
    if (!row_read(ev, &time_us, &start_us))
        return refuse(run, "--merge: no row of this tool with the same other options");
    struct branch *const branch = branch_of(ev->partition);
    const struct slice name = identity_name(merged.identity, ev);
    const int order = branch->time_us == INT64_MIN
                          ? 1
                          : place_compare(time_us, name, start_us, branch->time_us,
                                          buffer_slice(&branch->name), branch->start_us);
    if (order < 0 && merged.kind != MERGED_ALERTS)
        return refuse(run, "--merge: the row belongs before the one in front of it");
    if (order < 0 && time_us < branch->time_us) {
        merged.behind++;
        time_us = branch->time_us;
    }
    branch->time_us = ev->time_us = time_us;
    branch->start_us = start_us;
    buffer_clear(&branch->name);
    buffer_add_slice(&branch->name, name);
    return REASON_NONE;
}

static enum fate merged_event(struct run *run, const struct event *ev)
{
    struct buffer key = {0};
    int64_t time_us, start_us;
    (void)row_read(ev, &time_us, &start_us);
    const struct slice name = identity_name(merged.identity, ev);
    rows_event_key(run->rows, ev, &run->schema, &key);
    struct waiting_row *const row = (struct waiting_row *)(void *)slab_take(
        &merged.slab, sizeof *row + name.len + key.len + ev->line.len);
    *row = (struct waiting_row){.time_us = ev->time_us,
                                .start_us = start_us,
                                .partition = ev->partition,
                                .arrival = merged.arrivals++,
                                .name_len = name.len,
                                .key_len = key.len,
                                .row_len = ev->line.len};
    memcpy(row->bytes, name.text, name.len);
    if (key.len > 0) memcpy(row->bytes + name.len, key.data, key.len);
    memcpy(row->bytes + name.len + key.len, ev->line.text, ev->line.len);
    buffer_release(&key);
    heap_put(row);
    run->counters.keys = merged.count;
    return FATE_USED;
}

/* --- rows that go --- */

static void row_doubled(struct run *run, const struct waiting_row *row)
{
    const char *const text = row->bytes + row->name_len + row->key_len;
    rows_flush(run->rows);
    die_person("--merge: two inputs have a row of one id and one moment: an input was given twice, "
               "or the parts were not split by the id: %.*s",
               (int)row->row_len, text);
}

static void row_print(struct run *run, struct waiting_row *row)
{
    if (merged.last != NULL && merged.last->partition != row->partition &&
        row_place(merged.last, row) == 0)
        row_doubled(run, row);
    buffer_add(rows_ready_begin(run->rows), row->bytes + row->name_len,
               row->key_len + row->row_len);
    rows_ready_end(run->rows);
    row_free(merged.last);
    merged.last = row;
}

static void rows_until(struct run *run, int64_t time_us)
{
    while (merged.count > 0 && merged.heap[0]->time_us < time_us)
        row_print(run, heap_take());
    run->counters.keys = merged.count;
}

/* More may come at the watermark itself. */
static void merged_advance(struct run *run, int64_t watermark_us)
{
    rows_until(run, watermark_us);
}

static void merged_finish(struct run *run)
{
    rows_until(run, INT64_MAX);
}

static void merged_end(struct run *run)
{
    (void)run;
    if (merged.behind > 0)
        message("--merge: %" PRIu64 " %s behind the row before, as late ones do, and still %s",
                merged.behind, merged.behind == 1 ? "row came" : "rows came",
                merged.behind == 1 ? "does" : "do");
}

static void merged_explain(struct run *run, struct buffer *out)
{
    (void)run;
    buffer_add_literal(out, "merge    rows in order of their time, then of ");
    buffer_add_slice(out, (struct slice){.text = merged.head.data + 1, .len = merged.head.len - 2});
    buffer_add_char(out, '\n');
}

/* A member that rows have; -1: they do not. */
static int member_slot(struct run *run, struct slice name)
{
    return rows_find(run->rows, name) < 0 ? -1 : schema_need(&run->schema, name);
}

const struct analysis *merged_begin(struct run *run, struct identity *identity,
                                    enum merged_kind kind)
{
    static const struct analysis analysis = {
        .amend = merged_amend,
        .event = merged_event,
        .advance = merged_advance,
        .finish = merged_finish,
        .end = merged_end,
        .explain = merged_explain,
    };
    merged.identity = identity;
    merged.kind = kind;
    merged.slab.kind = HELD_ROWS;
    merged.end_slot = member_slot(run, SLICE("last_event_time"));
    merged.idle_slot = member_slot(run, SLICE("idle_seconds"));
    merged.start_slot = member_slot(run, SLICE("session_start"));
    if (merged.end_slot < 0)
        die_usage("--merge: the row of a page does not say where its session ends");
    buffer_add_char(&merged.head, '{');
    json_add_string(&merged.head, run->rows->member[0].name);
    buffer_add_char(&merged.head, ':');
    return &analysis;
}

void merged_release(void)
{
    for (size_t i = 0; i < merged.branches; i++)
        buffer_release(&merged.branch[i].name);
    free(merged.branch);
    free(merged.heap);
    buffer_release(&merged.head);
    slab_release(&merged.slab);
}
