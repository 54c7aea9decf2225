/* Values that an aggregate would have as numbers and are none: noted, to be named at the end of the
 * run. Numbers in the text of a --number member are noted where events are judged. */
#include "base/numeral.h"
#include "window/aggregate_inside.h"
#include "window/window.h"

/* Can --number be given for it? */
static bool is_named(const struct run *run, int slot)
{
    return slot >= SLOT_CANONICAL && (run->schema.number >> slot & 1) == 0;
}

uint64_t windows_extremes(const struct windows *all)
{
    uint64_t slots = 0;
    for (int i = 0; i < all->aggregates->count; i++) {
        const struct aggregate *const item = &all->aggregates->item[i];
        if (item->function->values != VALUES_ORDERED) continue;
        const int slot = all->aggregates->operand[item->operand].slot;
        if (is_named(all->run, slot)) slots |= UINT64_C(1) << slot;
    }
    return slots;
}

void aggregates_misnumbers(const struct aggregates *all, struct run *run,
                           struct operand_values *values, const struct event *ev, uint64_t selected)
{
    const struct schema *const schema = &run->schema;
    uint64_t noted = 0; /* a bit an operand */

    for (int i = 0; i < all->count; i++) {
        const struct aggregate *const item = &all->item[i];
        const bool sums = item->function->values == VALUES_NUMBERS;
        if (item->function->values == VALUES_ANY) continue;
        if ((selected >> item->condition & 1) == 0 || (noted >> item->operand & 1) != 0) continue;
        const struct operand *const operand = &all->operand[item->operand];
        if (operand->slot >= 0 && (schema->number >> operand->slot & 1) != 0) continue;
        const bool named = is_named(run, operand->slot);
        const struct value value = operand_once(all, values, ev, item->operand);
        if (value.kind == KIND_NULL || value.kind == KIND_NUMBER) continue;
        if (!sums &&
            (!named || value.kind != KIND_STRING || !numeral_valid(value_slice(value), false)))
            continue;
        misnumber_note(&run->misnumbers,
                       !sums   ? MISNUMBER_AS_TEXT
                       : named ? MISNUMBER_LEFT
                               : MISNUMBER_OTHER,
                       operand->slot >= 0 ? schema->name[operand->slot] : slice_of(operand->text),
                       value);
        if (sums) noted |= UINT64_C(1) << item->operand;
    }
}

void windows_misnumbers(struct windows *all, const struct event *ev, uint64_t selected)
{
    aggregates_misnumbers(all->aggregates, all->run, &all->values, ev, selected);
}
