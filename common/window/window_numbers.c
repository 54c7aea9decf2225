/* Values that an aggregate would have as numbers and are none: noted, to be named at the end of the
 * run. Numbers in the text of a --number member are noted where events are judged. */
#include <math.h>

#include "base/numeral.h"
#include "window/aggregate_inside.h"
#include "window/window.h"

/* Can --number be given for it? */
static bool is_named(const struct run *run, int slot)
{
    return slot >= SLOT_CANONICAL && (run->schema.number >> slot & 1) == 0;
}

uint64_t aggregates_extremes(const struct aggregates *all, const struct run *run)
{
    uint64_t slots = 0;
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *const item = &all->item[i];
        if (item->function->values != VALUES_ORDERED) continue;
        const int slot = all->operand[item->operand].slot;
        if (is_named(run, slot)) slots |= UINT64_C(1) << slot;
    }
    return slots;
}

/* A number that cannot be added up. */
static bool is_huge(enum argument_values kind, struct value value)
{
    decimal ignored;
    if (value.kind != KIND_NUMBER) return false;
    if (kind == VALUES_DOUBLES) return !isfinite(number_double(value_slice(value)));
    return kind == VALUES_NUMBERS && !decimal_parse(value_slice(value), &ignored);
}

/* What is to be said of a value that such a function gets; named: --number can be given for it.
 * False: nothing. */
static bool misnumber_find(enum argument_values kind, bool named, struct value value,
                           enum misnumber_kind *found)
{
    const bool huge = is_huge(kind, value);
    if (value.kind == KIND_NULL || (value.kind == KIND_NUMBER && !huge)) return false;
    if (kind == VALUES_ORDERED) {
        const bool is_numeral =
            value.kind == KIND_STRING &&
            (numeral_valid(value_slice(value), false) || numeral_valid(value_slice(value), true));
        *found = is_numeral ? MISNUMBER_AS_TEXT : MISNUMBER_MIXED;
        return named;
    }
    *found = huge ? MISNUMBER_HUGE : named ? MISNUMBER_LEFT : MISNUMBER_OTHER;
    return true;
}

void aggregates_misnumbers(const struct aggregates *all, struct run *run,
                           struct operand_values *values, const struct event *ev, uint64_t selected)
{
    const struct schema *const schema = &run->schema;
    uint64_t noted = 0; /* a bit an operand */

    for (int i = 0; i < all->count; i++) {
        const struct aggregate *const item = &all->item[i];
        const enum argument_values kind = item->function->values;
        if (kind == VALUES_ANY || (selected >> item->condition & 1) == 0) continue;
        if ((noted >> item->operand & 1) != 0) continue;
        const struct operand *const operand = &all->operand[item->operand];
        const struct value value = operand_once(all, values, ev, item->operand);
        enum misnumber_kind found;
        if (kind == VALUES_ORDERED && value.kind == KIND_NUMBER && is_named(run, operand->slot))
            misnumber_beside(&run->misnumbers, operand->slot, schema->name[operand->slot]);
        if (!misnumber_find(kind, is_named(run, operand->slot), value, &found)) continue;
        /* The text of a --number member has been noted where the event was judged. */
        const bool of_numbers = operand->slot >= 0 && (schema->number >> operand->slot & 1) != 0;
        if (of_numbers && found != MISNUMBER_HUGE) continue;
        misnumber_note(&run->misnumbers, found,
                       operand->slot >= 0 ? schema->name[operand->slot] : slice_of(operand->text),
                       value);
        if (kind != VALUES_ORDERED) noted |= UINT64_C(1) << item->operand;
    }
}

void windows_misnumbers(struct windows *all, const struct event *ev, uint64_t selected)
{
    aggregates_misnumbers(all->aggregates, all->run, &all->values, ev, selected);
}

void aggregates_too_large(const struct aggregates *all, struct run *run, const char *cells,
                          const struct buffer *text)
{
    for (int i = 0; i < all->count; i++) {
        if (aggregates_size(all, i, cells, text) != SIZE_LOST) continue;
        run->counters.too_large++;
        misnumber_count(&run->misnumbers, MISNUMBER_SUM, slice_of(all->item[i].name));
    }
}
