#include "writer/ranks.h"

#include <stdlib.h>

#include "base/compat.h"
#include "base/memory.h"
#include "base/number.h"

/* So much is kept for the next window. */
#define KEPT_BYTES ((size_t)1 << 20)

static struct rank *rank_new(struct ranks *ranks, size_t number, struct value value)
{
    if (ranks->count == ranks->cap) {
        const size_t before = ranks->cap;
        ranks->cap = before == 0 ? 64 : before * 2;
        ranks->rank = memory_resize(ranks->rank, ranks->cap, sizeof ranks->rank[0]);
        held_add(HELD_ROWS, (ranks->cap - before) * sizeof ranks->rank[0]);
    }
    struct rank *rank = &ranks->rank[ranks->count];
    *rank = (struct rank){.value = value, .number = number, .place = ranks->count};
    ranks->count++;
    return rank;
}

void ranks_add(struct ranks *ranks, size_t number, struct value value)
{
    (void)rank_new(ranks, number, value);
}

void ranks_add_copy(struct ranks *ranks, size_t number, struct value value)
{
    struct rank *rank = rank_new(ranks, number, value);
    ranks->text.kind = HELD_ROWS;
    rank->is_copy = true;
    rank->start = ranks->text.len;
    buffer_add_slice(&ranks->text, value_slice(value));
}

static int rank_order(const struct rank *a, const struct rank *b)
{
    if (a->value.kind == KIND_NUMBER && b->value.kind == KIND_NUMBER)
        return number_compare(value_slice(a->value), value_slice(b->value));
    return value_compare(a->value, b->value);
}

static int rank_compare(const void *left, const void *right, void *descending)
{
    const struct rank *a = left, *b = right;
    const int order = rank_order(a, b);
    if (order != 0) return *(const bool *)descending ? -order : order;
    return a->place < b->place ? -1 : 1;
}

void ranks_sort(struct ranks *ranks, bool descending)
{
    for (size_t i = 0; i < ranks->count; i++) {
        struct rank *rank = &ranks->rank[i];
        if (rank->is_copy && rank->value.len != 0)
            rank->value.text = ranks->text.data + rank->start;
    }
    if (ranks->count > 1)
        qsort_r(ranks->rank, ranks->count, sizeof ranks->rank[0], rank_compare, &descending);
}

bool ranks_tied(const struct ranks *ranks, size_t a, size_t b)
{
    return rank_order(&ranks->rank[a], &ranks->rank[b]) == 0;
}

void ranks_clear(struct ranks *ranks)
{
    if (ranks->cap * sizeof ranks->rank[0] + ranks->text.cap > KEPT_BYTES) ranks_release(ranks);
    buffer_clear(&ranks->text);
    ranks->count = 0;
}

void ranks_release(struct ranks *ranks)
{
    held_drop(HELD_ROWS, ranks->cap * sizeof ranks->rank[0]);
    free(ranks->rank);
    buffer_release(&ranks->text);
    ranks->rank = NULL;
    ranks->count = ranks->cap = 0;
}
