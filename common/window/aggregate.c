#include "window/aggregate.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "window/aggregate_inside.h"

static const struct aggregate_function *const families[] = {
    aggregate_counts,  aggregate_numbers,     aggregate_kept,  aggregate_percents,
    aggregate_truths,  aggregate_approximate, aggregate_lists, aggregate_tops,
    aggregate_spreads, aggregate_quantiles,
};
#define FAMILIES (sizeof families / sizeof families[0])

/* The next entry of the families after previous (NULL: the first); NULL at the end. */
static const struct aggregate_function *function_next(const struct aggregate_function *previous,
                                                      size_t *family)
{
    if (previous == NULL) {
        *family = 0;
        return families[0];
    }
    if (previous[1].name != NULL) return previous + 1;
    return ++*family == FAMILIES ? NULL : families[*family];
}

const struct aggregate_function *aggregate_function_find(struct slice name)
{
    const struct aggregate_function *function = NULL;
    size_t family;
    while ((function = function_next(function, &family)) != NULL)
        if (slice_equal(name, slice_of(function->name))) return function;
    return NULL;
}

void aggregate_functions_name(bool (*wanted)(const struct aggregate_function *function),
                              const char *between, const char *last, struct buffer *out)
{
    const struct aggregate_function *function = NULL, *waits = NULL;
    size_t family, count = 0;
    /* One waits for the next: only then it is known whether it is the last. */
    while ((function = function_next(function, &family)) != NULL) {
        if (!wanted(function)) continue;
        if (waits != NULL) buffer_printf(out, "%s%s", count++ == 0 ? "" : between, waits->name);
        waits = function;
    }
    if (waits != NULL) buffer_printf(out, "%s%s", count == 0 ? "" : last, waits->name);
}

uint64_t aggregate_room(struct buffer *text, size_t bytes)
{
    const size_t gap = -text->len % sizeof(uint64_t);
    memset(buffer_reserve(text, gap + bytes), 0, gap + bytes);
    text->len += gap + bytes;
    return text->len - bytes;
}

void aggregates_init(struct aggregates *all)
{
    memset(all, 0, sizeof *all);
    all->too_large_slot = all->partials_slot = -1;
}

void aggregates_release(struct aggregates *all)
{
    for (int i = 0; i < all->count; i++) {
        free(all->item[i].name);
        free(all->item[i].text);
    }
    for (int i = 0; i < all->operand_count; i++)
        operand_release(&all->operand[i]);
    for (int i = 0; i < all->condition_count; i++) {
        expr_free(all->condition[i]);
        free(all->condition_text[i]);
    }
    aggregates_init(all);
}

int aggregate_find(const struct aggregates *all, struct slice name)
{
    for (int i = 0; i < all->count; i++)
        if (slice_equal(name, slice_of(all->item[i].name))) return i;
    return -1;
}

/* Layout. */

static bool is_share(const struct aggregate_function *function)
{
    return function->share != NULL;
}

static bool can_be_share(const struct aggregates *all, int index)
{
    return index >= 0 && is_share(all->item[index].function);
}

/* Finds the aggregates it names. */
static bool names_complete(const struct aggregates *all, struct aggregate *item, struct buffer *why)
{
    item->part = aggregate_find(all, item->part_name);
    item->whole = aggregate_find(all, item->whole_name);
    if (can_be_share(all, item->part) && can_be_share(all, item->whole)) return true;
    const struct slice wrong = can_be_share(all, item->part) ? item->whole_name : item->part_name;
    buffer_printf(why, "'%s': '%.*s' is no other aggregate of ", item->text, (int)wrong.len,
                  wrong.text);
    aggregate_functions_name(is_share, ", ", " or ", why);
    return false;
}

/* The set over that operand which has a bit left, made if there is none. */
static struct distinct_set *set_find(struct aggregates *all, int operand)
{
    for (int i = 0; i < all->set_count; i++)
        if (all->set[i].operand == operand && all->set[i].count < SET_BITS) return &all->set[i];
    struct distinct_set *set = &all->set[all->set_count++];
    *set = (struct distinct_set){.operand = operand, .direct = ~UINT64_C(0)};
    return set;
}

static void set_join(struct aggregates *all, const struct aggregate *item)
{
    struct distinct_set *set = set_find(all, item->operand);
    set->condition[set->count] = (uint8_t)item->condition;
    set->cell[set->count] = item->cell;
    if (item->condition != set->count) set->direct = 0;
    set->count++;
}

bool aggregates_complete(struct aggregates *all, struct buffer *why)
{
    all->cell_bytes = 0;
    all->set_count = all->counted_count = all->added_count = 0;
    for (int i = 0; i < all->count; i++) {
        struct aggregate *item = &all->item[i];
        const struct aggregate_function *function = item->function;
        item->cell = all->cell_bytes;
        all->cell_bytes += function->cell_bytes;
        if (function->argument == ARGUMENT_AGGREGATES && !names_complete(all, item, why))
            return false;
        if (function->of_ids)
            set_join(all, item);
        else if (function->argument == ARGUMENT_MAYBE && item->operand < 0)
            all->counted[all->counted_count++] =
                (struct counted){.cell = item->cell, .condition = item->condition};
        else if (function->add != NULL)
            all->added[all->added_count++] = (uint8_t)i;
    }
    all->only_distinct = all->counted_count + all->added_count == 0;
    all->untyped =
        all->condition_count == 0 ? 0 : ~all->typed & ~UINT64_C(0) >> (64 - all->condition_count);
    for (int i = 0; i < all->set_count; i++)
        all->set[i].direct &= ~UINT64_C(0) >> (64 - all->set[i].count);
    return true;
}

/* One event. */

/* Runs the conditions of mask. */
static uint64_t conditions_run(const struct aggregates *all, const struct event *ev, uint64_t mask)
{
    uint64_t selected = UINT64_C(1) << CONDITION_NONE;
    for (; mask != 0; mask &= mask - 1) {
        const int i = __builtin_ctzll(mask);
        selected |= (uint64_t)expr_selects(all->condition[i], ev) << i;
    }
    return selected;
}

uint64_t aggregates_type_select(struct aggregates *all, const struct event *ev,
                                struct type_memo *memo, struct value_head head)
{
    const uint64_t errors = expr_errors;
    const uint64_t selected = conditions_run(all, ev, all->typed);
    if (memo == NULL || expr_errors != errors) return selected; /* to be counted each time */
    const struct value type = event_value(ev, SLOT_EVENT_TYPE);
    *memo = (struct type_memo){.head = head, .selected = selected, .len = type.len};
    return selected;
}

uint64_t aggregates_other_select(const struct aggregates *all, const struct event *ev)
{
    return conditions_run(all, ev, all->untyped);
}

/* Is there an aggregate that will look at the operand? */
static bool operand_wanted(const struct aggregates *all, int operand, const struct event *ev)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *const item = &all->item[i];
        if (item->operand != operand) continue;
        if (item->condition == CONDITION_NONE) return true;
        if (expr_may_select(all->condition[item->condition], ev)) return true;
    }
    return false;
}

void aggregates_ahead(const struct aggregates *all, const struct event *const *events, size_t count)
{
    for (int i = 0; i < all->condition_count; i++)
        expr_selects_ahead(all->condition[i], events, count);
    for (int i = 0; i < all->operand_count; i++) {
        const struct event *wanted[EXPR_AHEAD_MAX];
        size_t wanted_count = 0;
        if (operand_native(&all->operand[i])) continue;
        for (size_t at = 0; at < count; at++)
            if (operand_wanted(all, i, events[at])) wanted[wanted_count++] = events[at];
        operand_ahead(&all->operand[i], wanted, wanted_count);
    }
}

unsigned aggregates_event(const struct aggregates *all, char *cells, struct buffer *text,
                          const struct event *ev, struct operand_values *values, uint64_t selected)
{
    unsigned wrong = 0;

    for (int i = 0; i < all->counted_count; i++)
        *cell_count(cells, all->counted[i].cell) += selected >> all->counted[i].condition & 1;
    for (int i = 0; i < all->added_count; i++) {
        const struct aggregate *item = &all->item[all->added[i]];
        if ((selected >> item->condition & 1) == 0) continue;
        const struct value value = operand_once(all, values, ev, item->operand);
        wrong += item->function->add(item, cells + item->cell, text, value, ev->time_us);
    }
    return wrong;
}

/* Parts of a whole. */

uint64_t aggregates_additive(const struct aggregates *all)
{
    uint64_t mask = 0;
    for (int i = 0; i < all->count; i++)
        if (all->item[i].function->cell_bytes != 0 && !all->item[i].function->of_ids)
            mask |= UINT64_C(1) << i;
    return mask;
}

bool aggregates_in_order(const struct aggregates *all)
{
    for (int i = 0; i < all->count; i++)
        if (all->item[i].function->in_order) return true;
    return false;
}

uint64_t aggregates_all(const struct aggregates *all)
{
    uint64_t mask = 0;
    for (int i = 0; i < all->count; i++)
        if (all->item[i].function->cell_bytes != 0) mask |= UINT64_C(1) << i;
    return mask;
}

void aggregates_combine(const struct aggregates *all, uint64_t mask, char *cells,
                        struct buffer *text, const char *other, const struct buffer *other_text)
{
    for (; mask != 0; mask &= mask - 1) {
        const struct aggregate *item = &all->item[__builtin_ctzll(mask)];
        item->function->combine(item, cells + item->cell, text, other + item->cell, other_text);
    }
}

uint64_t aggregates_remove(const struct aggregates *all, uint64_t mask, char *cells,
                           const struct buffer *text, const char *other,
                           const struct buffer *other_text)
{
    uint64_t unknown = 0;
    for (; mask != 0; mask &= mask - 1) {
        const struct aggregate *item = &all->item[__builtin_ctzll(mask)];
        if (!item->function->remove(item, cells + item->cell, text, other + item->cell, other_text))
            unknown |= mask & -mask;
    }
    return unknown;
}

/* What comes out. */

void aggregates_print(const struct aggregates *all, int index, const char *cells,
                      const struct buffer *text, struct rows *rows, int member)
{
    const struct aggregate_view from = {.all = all, .cells = cells, .text = text};
    const struct aggregate *item = &all->item[index];
    item->function->print(&from, item, rows, member);
}

enum column_kind aggregates_column(const struct aggregates *all, int index)
{
    const struct aggregate *const item = &all->item[index];
    if (item->function->column != COLUMN_ANY || item->operand < 0) return item->function->column;
    return column_of_member(all->operand[item->operand].slot);
}

void aggregates_describe(const struct aggregates *all, int index, struct rows *rows)
{
    const struct aggregate *const item = &all->item[index];
    const char *const extra = aggregates_extra(all, index);
    rows_describe(rows, rows_find(rows, slice_of(item->name)), aggregates_column(all, index),
                  slice_of(item->text));
    if (extra == NULL) return;
    struct buffer name = {0};
    buffer_printf(&name, "%s%s", item->name, extra);
    rows_describe(rows, rows_find(rows, buffer_slice(&name)), COLUMN_COUNT,
                  SLICE("by how much it may be wrong"));
    buffer_release(&name);
}

const char *aggregates_extra(const struct aggregates *all, int index)
{
    return all->item[index].function->extra;
}

void aggregates_print_extra(const struct aggregates *all, int index, const char *cells,
                            const struct buffer *text, struct rows *rows, int member)
{
    const struct aggregate_view from = {.all = all, .cells = cells, .text = text};
    const struct aggregate *item = &all->item[index];
    item->function->print_extra(&from, item, rows, member);
}

bool aggregates_is_number(const struct aggregates *all, int index)
{
    return all->item[index].function->number != NULL;
}

bool aggregates_number(const struct aggregates *all, int index, const char *cells,
                       const struct buffer *text, decimal *out)
{
    const struct aggregate_view from = {.all = all, .cells = cells, .text = text};
    const struct aggregate *item = &all->item[index];
    *out = 0;
    return item->function->number != NULL && item->function->number(&from, item, out);
}

enum aggregate_size aggregates_size(const struct aggregates *all, int index, const char *cells,
                                    const struct buffer *text)
{
    const struct aggregate_view from = {.all = all, .cells = cells, .text = text};
    const struct aggregate *item = &all->item[index];
    return item->function->size == NULL ? SIZE_FITS : item->function->size(&from, item);
}

enum aggregate_measure aggregates_measure(const struct aggregates *all, int index)
{
    return all->item[index].function->measure;
}

/* The state. */

/* Is there a cell to be saved? */
static bool is_saved(const struct aggregate *item, bool with_distinct)
{
    return item->function->cell_bytes != 0 && (with_distinct || !item->function->of_ids);
}

void aggregates_save(const struct aggregates *all, const char *cells, const struct buffer *text,
                     bool with_distinct, struct buffer *out)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (is_saved(item, with_distinct))
            item->function->save(item, cells + item->cell, text, out);
    }
}

void aggregates_load(const struct aggregates *all, char *cells, struct buffer *text,
                     bool with_distinct, struct unpack *in)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (is_saved(item, with_distinct)) item->function->load(item, cells + item->cell, text, in);
    }
}

bool aggregates_native(const struct aggregates *all)
{
    for (int i = 0; i < all->operand_count; i++)
        if (!operand_native(&all->operand[i])) return false;
    for (int i = 0; i < all->condition_count; i++)
        if (!expr_native(all->condition[i])) return false;
    return true;
}

void aggregates_explain(const struct aggregates *all, struct buffer *out)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        buffer_add_literal(out, "agg      ");
        json_add_inside(out, slice_of(item->text));
        if (item->operand >= 0) {
            buffer_add_literal(out, ": ");
            operand_explain(&all->operand[item->operand], out);
        }
        buffer_add_char(out, '\n');
    }
    for (int i = 0; i < all->condition_count; i++) {
        buffer_add_literal(out, "if       ");
        expr_explain(all->condition[i], out);
        if (out->data[out->len - 1] == '\n') out->len--;
        if ((all->typed >> i & 1) != 0) buffer_add_literal(out, ", once for each event type");
        buffer_add_char(out, '\n');
    }
}
