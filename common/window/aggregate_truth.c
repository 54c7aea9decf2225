/* Is something so of any event, or of all of them? */
#include "window/aggregate_inside.h"

struct truth_cell {
    uint64_t asked; /* events */
    uint64_t held;  /* of them, those of which it is so */
};

/* Variants. */
#define OF_ANY 0u
#define OF_ALL 1u

static unsigned truth_add(const struct aggregate *item, void *cell, struct buffer *text,
                          struct value value, int64_t time_us)
{
    struct truth_cell *truth = cell;
    (void)item;
    (void)text;
    (void)time_us;
    truth->asked++;
    truth->held += value.kind > KIND_FALSE; /* as jq has it: neither null nor false */
    return 0;
}

static void truth_combine(const struct aggregate *item, void *cell, struct buffer *text,
                          const void *other, const struct buffer *other_text)
{
    struct truth_cell *truth = cell;
    const struct truth_cell *more = other;
    (void)item;
    (void)text;
    (void)other_text;
    truth->asked += more->asked;
    truth->held += more->held;
}

static bool truth_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                         const void *other, const struct buffer *other_text)
{
    struct truth_cell *truth = cell;
    const struct truth_cell *less = other;
    (void)item;
    (void)text;
    (void)other_text;
    truth->asked -= less->asked;
    truth->held -= less->held;
    return true;
}

static void truth_print(const struct aggregate_view *from, const struct aggregate *item,
                        struct rows *rows, int member)
{
    const struct truth_cell *truth = view_cell(from, item);
    if (truth->asked == 0)
        rows_null(rows, member);
    else
        rows_bool(rows, member,
                  item->function->variant == OF_ANY ? truth->held != 0
                                                    : truth->held == truth->asked);
}

static void truth_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                       struct buffer *out)
{
    const struct truth_cell *truth = cell;
    (void)item;
    (void)text;
    pack_u64(out, truth->asked);
    pack_u64(out, truth->held);
}

static void truth_load(const struct aggregate *item, void *cell, struct buffer *text,
                       struct unpack *in)
{
    const struct truth_cell more = {.asked = unpack_u64(in), .held = unpack_u64(in)};
    if (more.held > more.asked) in->broken = true;
    if (!in->broken) truth_combine(item, cell, text, &more, NULL);
}

static bool truth_part_valid(struct value value)
{
    return value.kind <= KIND_TRUE;
}

/* One event of a part stands for all of them: more is not asked of them together. */
static void truth_part_read(const struct aggregate *item, void *cell, struct buffer *text,
                            struct value value, bool too_large)
{
    (void)item;
    (void)text;
    (void)too_large;
    *(struct truth_cell *)cell =
        (struct truth_cell){.asked = value.kind != KIND_NULL, .held = value.kind == KIND_TRUE};
}

#define TRUTH                                                                                      \
    .argument = ARGUMENT_VALUE, .column = COLUMN_TRUTH, .cell_bytes = sizeof(struct truth_cell),   \
    .add = truth_add, .combine = truth_combine, .remove = truth_remove, .print = truth_print,      \
    .save = truth_save, .load = truth_load, .part_valid = truth_part_valid,                        \
    .part_read = truth_part_read

const struct aggregate_function aggregate_truths[] = {
    {.name = "any", TRUTH, .variant = OF_ANY},
    {.name = "all", TRUTH, .variant = OF_ALL},
    {0},
};
