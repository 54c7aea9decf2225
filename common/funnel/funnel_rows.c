/* --merge: rows of parts instead of events. A row is what one partition adds to one group; a window
 * is done when every partition has come to a later one, that is when the watermark is above its
 * start. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "funnel/funnel_inside.h"

/* Is it a row that this tool with these options has printed? */
static enum reason row_amend(struct run *run, struct event *ev)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    struct funnel *funnel = run->own;
    int64_t end_us;
    tally_begin(&funnel->tally, &funnel->course, 1);
    const bool good = event_value(ev, funnel->by.partition_slot).kind == KIND_NUMBER &&
                      instant_parse(event_value(ev, funnel->end_slot), &format, &end_us) &&
                      end_us - ev->time_us == funnel->spans.size_us &&
                      spans_floor(&funnel->spans, ev->time_us) == ev->time_us &&
                      tally_read(&funnel->tally, &funnel->members, ev, 0) &&
                      group_by_fits_row(&funnel->by, ev);
    return good ? REASON_NONE : REASON_BAD_MEMBER;
}

/* Two rows of one window, group and partition that differ: which is right nobody here can say. */
static void rows_differ(struct funnel *funnel, const struct event *ev)
{
    struct buffer time = {0};
    instant_print(&time, ev->time_us);
    rows_flush(funnel->run->rows);
    die_person("--merge: two rows of the window of %.*s, of one group and one partition, differ: "
               "no partition may be counted by two that print rows: %.*s",
               (int)time.len, time.data, (int)ev->line.len, ev->line.text);
}

static bool groups_differ(const struct course *course, const struct tally *a, size_t group_a,
                          const struct tally *b, size_t group_b)
{
    struct buffer left = {0}, right = {0};
    tally_pack(a, course, group_a, &left);
    tally_pack(b, course, group_b, &right);
    const bool differ = !slice_equal(buffer_slice(&left), buffer_slice(&right));
    buffer_release(&left);
    buffer_release(&right);
    return differ;
}

/* Prints the groups of the window that no input can add to any more. */
static void passed_print(struct funnel *funnel, struct span *span)
{
    const size_t groups = span_groups(span);
    struct slice border;
    size_t count = 0;
    if (span->start_us != funnel->closed_us) return;
    if (!lanes_due(&funnel->lanes, span->start_us, &border)) return;
    uint32_t *const sorted = span_sorted(&funnel->spans, span);
    while (count < groups &&
           group_compare(span_key(span, sorted[count]), border, funnel->by.count) < 0)
        count++;
    funnel_print_some(funnel, span, sorted, count);
    span_keep(&funnel->spans, span, sorted + count, groups - count);
    lanes_printed(&funnel->lanes, count, groups - count);
    free(sorted);
}

static enum fate row_event(struct run *run, const struct event *ev)
{
    struct funnel *funnel = run->own;
    if (ev->time_us < funnel->closed_us) return FATE_LATE;
    group_key(&funnel->by, ev, &funnel->key);
    const struct slice key = buffer_slice(&funnel->key);
    if (!lanes_pass(&funnel->lanes, ev, key)) return FATE_BEHIND;
    struct span *span = spans_get(&funnel->spans, ev->time_us);
    const size_t before = span_groups(span);
    const uint32_t group = span_key_group(&funnel->spans, span, key);
    tally_begin(&funnel->tally, &funnel->course, 1);
    (void)tally_read(&funnel->tally, &funnel->members, ev, 0); /* row_amend has seen to it */
    tally_extend(&span->tally, &funnel->course, span_groups(span));
    if (span_groups(span) > before)
        tally_merge(&span->tally, &funnel->course, group, &funnel->tally, 0);
    else if (groups_differ(&funnel->course, &span->tally, group, &funnel->tally, 0))
        rows_differ(funnel, ev);
    if (ev->time_us < funnel->changed_us) funnel->changed_us = ev->time_us;
    passed_print(funnel, span);
    funnel_keys(funnel);
    return FATE_USED;
}

static void rows_close(struct funnel *funnel, int64_t watermark_us)
{
    struct spans *spans = &funnel->spans;
    const size_t count = spans_order(spans);
    size_t behind = 0;
    for (; behind < count && spans_nth(spans, behind)->start_us < watermark_us; behind++)
        funnel_print(funnel, spans_nth(spans, behind), true);
    spans_drop(spans, 0, behind);
    funnel_keys(funnel);
}

static void rows_advance(struct run *run, int64_t watermark_us)
{
    struct funnel *funnel = run->own;
    if (watermark_us > funnel->closed_us) funnel->closed_us = watermark_us;
    rows_close(funnel, watermark_us);
}

static void rows_updates(struct run *run)
{
    struct funnel *funnel = run->own;
    const size_t count = spans_order(&funnel->spans);
    for (size_t i = 0; i < count; i++) {
        struct span *span = spans_nth(&funnel->spans, i);
        if (span->start_us >= funnel->changed_us) funnel_print(funnel, span, false);
    }
    funnel->changed_us = INT64_MAX;
}

static void rows_finish(struct run *run)
{
    struct funnel *funnel = run->own;
    const size_t count = spans_order(&funnel->spans);
    if (count > 0)
        run->finished_us = spans_nth(&funnel->spans, count - 1)->start_us + funnel->spans.size_us;
    rows_close(funnel, INT64_MAX);
}

const struct analysis funnel_of_rows = {
    .amend = row_amend,
    .event = row_event,
    .advance = rows_advance,
    .updates = rows_updates,
    .finish = rows_finish,
    .save = funnel_save,
    .load = funnel_load,
};
