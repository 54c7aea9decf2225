#include "look/pivot.h"

#include <stdlib.h>

#include "base/memory.h"
#include "look/grid_inside.h"
#include "look/values.h"

struct entry {
    struct id id;
    uint64_t number;
};

/* The id of those of a group's values that lines are kept apart by. */
static struct id values_id(struct slice values, uint64_t members)
{
    struct value value;
    struct id id = ID_NONE;
    if (members == PIVOT_ALL) return id_of(values);
    const char *at = values.text + 1;
    for (size_t i = 0; values_next(&at, &value); i++) {
        if (i < 64 && (members >> i & 1) == 0) continue;
        id = id_mix(id, id_of(value_slice(value)));
        id.low ^= value.kind == KIND_STRING;
    }
    return id_mix(id, id);
}

static size_t line_of(struct pivot *pivot, struct id id, uint32_t group, size_t *cap)
{
    bool is_new;
    struct entry *const entry = table_put(&pivot->lines, id, &is_new);
    if (!is_new) return entry->number;
    if (pivot->count == *cap) {
        *cap = *cap == 0 ? 64 : *cap * 2;
        pivot->line = memory_resize(pivot->line, *cap, sizeof pivot->line[0]);
        pivot->value = memory_resize(pivot->value, *cap * (pivot->measures + 1), sizeof(decimal));
    }
    pivot->line[pivot->count] = (struct pivot_line){.id = id, .group = group};
    for (size_t m = 0; m < pivot->measures; m++)
        pivot_values(pivot, pivot->count)[m] = NOTHING;
    return entry->number = pivot->count++;
}

static void row_add(decimal *to, const decimal *more, const bool *apart, size_t measures,
                    bool is_first)
{
    for (size_t m = 0; m < measures; m++) {
        if (!apart[m] || is_first)
            measure_join(&to[m], more[m]);
        else
            to[m] = NOTHING;
    }
}

void pivot_make(struct pivot *pivot, const struct grid *grid, int64_t from_us, int64_t until_us,
                uint64_t members, const struct sieve *sieve)
{
    size_t cap = 0;
    bool *const apart = grid_apart(grid);
    *pivot = (struct pivot){.measures = grid->measures};
    table_init(&pivot->lines, sizeof(struct entry), HELD_GROUPS);
    for (size_t i = 0; i < grid->count; i++) {
        const struct grid_row *const row = &grid->row[i];
        if (row->start_us < from_us || row->start_us >= until_us) continue;
        if (!sieve_passes(sieve, row->group)) continue;
        const struct id id = values_id(grid->group[row->group].text, members);
        const size_t line = line_of(pivot, id, row->group, &cap);
        row_add(pivot_values(pivot, line), grid->value + i * grid->measures, apart, grid->measures,
                pivot->line[line].rows++ == 0);
    }
    free(apart);
}

void pivot_release(struct pivot *pivot)
{
    free(pivot->line);
    free(pivot->value);
    table_release(&pivot->lines);
    *pivot = (struct pivot){0};
}

const decimal *pivot_find(const struct pivot *pivot, struct id id)
{
    const struct entry *const entry = table_find(&pivot->lines, id);
    return entry == NULL ? NULL : pivot_values(pivot, entry->number);
}

void pivot_series(const struct grid *grid, size_t first, size_t count, const struct sieve *sieve,
                  decimal *out)
{
    bool *const apart = grid_apart(grid);
    size_t *const rows = memory_zero(count + 1, sizeof rows[0]);
    const size_t measures = grid->measures;
    for (size_t i = 0; i < count * measures; i++)
        out[i] = NOTHING;
    for (size_t i = 0; i < grid->count && count > 0; i++) {
        const int64_t start_us = grid->row[i].start_us;
        if (start_us < grid->windows.one[first].start_us ||
            start_us > grid->windows.one[first + count - 1].start_us ||
            !sieve_passes(sieve, grid->row[i].group))
            continue;
        const size_t at = axis_find(&grid->windows, start_us) - first;
        row_add(out + at * measures, grid->value + i * measures, apart, measures, rows[at]++ == 0);
    }
    free(apart);
    free(rows);
}
