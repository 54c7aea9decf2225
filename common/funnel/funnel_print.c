/* The rows of a window. */
#include <stdlib.h>
#include <xxhash.h>

#include "funnel/funnel_inside.h"

/* The group's row, of what the tally has at that place. */
static void row_print(const struct funnel *funnel, const struct span *span, uint32_t group,
                      size_t place, bool final)
{
    struct rows *rows = funnel->run->rows;
    rows_begin(rows);
    heading_print(&funnel->heading, rows, span->start_us, span->start_us + funnel->spans.size_us,
                  span_key(span, group));
    tally_print(&funnel->tally, &funnel->members, rows, place, -1);
    if (funnel->final >= 0) rows_bool(rows, funnel->final, final);
    rows_end(rows);
}

/* Hands over what a row is sorted by. */
static void row_rank(const struct funnel *funnel, const struct span *span,
                     const struct tally *tally, uint32_t group)
{
    struct rows *rows = funnel->run->rows;
    const int member = rows_order_member(rows);
    struct value value = VALUE_NULL;
    if (member < 0 || heading_value(&funnel->heading, member, span_key(span, group), &value)) {
        rows_rank(rows, group, value);
        return;
    }
    rows_rank_begin(rows);
    tally_print(tally, &funnel->members, rows, group, member);
    rows_rank_end(rows, group);
}

/* Is a group's row another one than was printed last? It is printed now. */
static bool row_changed(const struct funnel *funnel, struct span *span, const struct tally *tally,
                        uint32_t group)
{
    struct span_group *at = &span->group[group];
    struct buffer bytes = {0};
    tally_pack(tally, &funnel->course, group, &bytes);
    const uint64_t hash = XXH3_64bits(bytes.data, bytes.len);
    buffer_release(&bytes);
    if (at->is_printed && at->printed == hash) return false;
    at->is_printed = true;
    at->printed = hash;
    return true;
}

/* --merge: adds up the groups that differ in the partition only, into the first of them, and leaves
 * the others out; how many are left. */
static size_t parts_add(struct funnel *funnel, const struct span *span, uint32_t *sorted)
{
    const size_t count = span_groups(span);
    size_t left = 0;
    tally_begin(&funnel->tally, &funnel->course, count);
    for (size_t i = 0; i < count; i++) {
        if (left == 0 || group_compare(span_key(span, sorted[left - 1]), span_key(span, sorted[i]),
                                       funnel->by.count) != 0)
            sorted[left++] = sorted[i];
        tally_merge(&funnel->tally, &funnel->course, sorted[left - 1], &span->tally, sorted[i]);
    }
    return left;
}

void funnel_print_some(struct funnel *funnel, const struct span *span, const uint32_t *sorted,
                       size_t count)
{
    for (size_t i = 0, first; i < count;) {
        tally_begin(&funnel->tally, &funnel->course, 1);
        first = i;
        do
            tally_merge(&funnel->tally, &funnel->course, 0, &span->tally, sorted[i++]);
        while (i < count && group_compare(span_key(span, sorted[first]), span_key(span, sorted[i]),
                                          funnel->by.count) == 0);
        row_print(funnel, span, sorted[first], 0, true);
    }
}

void funnel_print(struct funnel *funnel, struct span *span, bool final)
{
    struct rows *rows = funnel->run->rows;
    const struct tally *tally = &funnel->tally;
    const bool ranked = rows_ranked(rows);
    uint32_t *sorted = span_sorted(&funnel->spans, span);
    const size_t count =
        funnel->run->settings.merge ? parts_add(funnel, span, sorted) : span_groups(span);
    for (size_t i = 0; i < count; i++) {
        if (!final && !row_changed(funnel, span, tally, sorted[i])) continue;
        if (ranked)
            row_rank(funnel, span, tally, sorted[i]);
        else
            row_print(funnel, span, sorted[i], sorted[i], final);
    }
    const size_t ranks = ranked ? rows_ranks(rows) : 0;
    for (size_t place = 0; place < ranks; place++) {
        const uint32_t group = (uint32_t)rows_rank_at(rows, place);
        row_print(funnel, span, group, group, final);
    }
    rows_group_end(rows);
    free(sorted);
}
