/*
 * aggregate_inside.h - what an aggregate function is: an entry of a table.
 *
 * A function is one entry in the file of its family (aggregate_count.c, aggregate_number.c,
 * aggregate_kept.c and so on), and a few lines in tests/unit/aggregate.c, whose
 * properties hold for every entry. Nobody asks an aggregate which function it is of: what differs
 * from function to function is a member here.
 *
 * A cell is memory of a fixed size inside a group's row; zeroes are the cell of no events. What
 * needs more room, such as the text of a value, is put into the text that all groups of a window
 * share, which goes with the window: so no cell has anything to release. A cell is moved as bytes.
 */
#ifndef CS_AGGREGATE_INSIDE_H
#define CS_AGGREGATE_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/number.h"
#include "base/pack.h"
#include "base/value.h"
#include "window/aggregate.h"
#include "writer/rows.h"

/* What stands in the parenthesis. */
enum argument {
    ARGUMENT_MAYBE,      /* FUNC or FUNC() counts events; FUNC(F) looks at F */
    ARGUMENT_VALUE,      /* FUNC(F) */
    ARGUMENT_VALUE_AND,  /* FUNC(F,N): a number goes with it */
    ARGUMENT_AGGREGATES, /* FUNC(A,B): the names of two other aggregates */
};

/* What the function makes of a number that is text: with numbers that is said at the end of a run
 * (window_numbers.c), and of one that is too large. */
enum argument_values {
    VALUES_ANY,     /* a text is as good */
    VALUES_NUMBERS, /* it adds up numbers as decimals, and anything else is left out */
    VALUES_DOUBLES, /* the same, as doubles */
    VALUES_ORDERED, /* it compares, and texts are ordered otherwise than numbers */
};

/* The cells of one group, to be read. */
struct aggregate_view {
    const struct aggregates *all;
    const char *cells;
    const struct buffer *text;
};

struct aggregate_function {
    const char *name;
    enum argument argument;
    enum argument_values values;
    /* ARGUMENT_VALUE_AND: reads that number, and for messages what it has to be. */
    bool (*parameter)(struct slice text, int64_t *out);
    const char *parameter_range;
    enum aggregate_measure measure;
    enum column_kind column; /* of what is printed; COLUMN_ANY: what F is */
    /* For functions that share their code: which of them it is, as their file says. */
    unsigned variant;
    /* The cell counts ids, each once: whoever keeps the ids (window.h) adds to it and takes from
     * it, and add, combine and remove are not called for the group's events. */
    bool of_ids;
    /* Values are told apart, and 1 and "1" count as two. */
    bool of_each;
    /* From some size on the cell depends on the order of events: it can be saved and gone on with,
     * but windows are not made of panes, and combine and load may end the run. */
    bool in_order;
    /* A multiple of 8. 0: there is no cell; the function is worked out of others when printed, and
     * of the members below it has print only. */
    uint32_t cell_bytes;

    /* Adds the value of an event that is selected. Returns 1 for a value that is neither null nor
     * what the function adds up, AGGREGATE_HUGE for a number that is too large for it, so that the
     * aggregate is null from there on, else 0. The order of events leaves no trace. With
     * ARGUMENT_MAYBE and no F the count is raised instead. NULL: with of_ids. */
    unsigned (*add)(const struct aggregate *item, void *cell, struct buffer *text,
                    struct value value, int64_t time_us);

    /* Makes cell that of its own and the other's events together. What the other keeps in
     * other_text is copied to text, which is another one. */
    void (*combine)(const struct aggregate *item, void *cell, struct buffer *text,
                    const void *other, const struct buffer *other_text);

    /* The other was combined into cell: makes cell that of the remaining events. False: that
     * cannot be told from the two; cell is that of no events now, and what remains has to be
     * combined anew. */
    bool (*remove)(const struct aggregate *item, void *cell, const struct buffer *text,
                   const void *other, const struct buffer *other_text);

    /* Prints the aggregate as that member of the row. */
    void (*print)(const struct aggregate_view *from, const struct aggregate *item,
                  struct rows *rows, int member);

    /* A second member, called as the first with this behind: print_extra prints it or leaves it
     * out. NULL: there is none. */
    const char *extra; /* a whole number */
    void (*print_extra)(const struct aggregate_view *from, const struct aggregate *item,
                        struct rows *rows, int member);

    /* The aggregate as a number; of nothing 0, or if it is a MEASURE_STATE none. False: it is none,
     * or too large for one. NULL: it never is. */
    bool (*number)(const struct aggregate_view *from, const struct aggregate *item, decimal *out);

    /* The same for percent, which is null where there is nothing. False: null. NULL: a share in it
     * would mean nothing. */
    bool (*share)(const struct aggregate_view *from, const struct aggregate *item, decimal *out);

    /* Writes the cell, and adds one that was written to cell. What makes no sense sets in->broken.
     */
    void (*save)(const struct aggregate *item, const void *cell, const struct buffer *text,
                 struct buffer *out);
    void (*load)(const struct aggregate *item, void *cell, struct buffer *text, struct unpack *in);

    /* --merge: can the value have been printed for this function? And: sets cell to what it says.
     * too_large: the row names it so. NULL, both: what is printed cannot be added up. */
    bool (*part_valid)(struct value value);
    void (*part_read)(const struct aggregate *item, void *cell, struct buffer *text,
                      struct value value, bool too_large);

    /* --by-partition and --merge: what is printed cannot be added up, but what is saved can. So
     * rows of parts have that, too (aggregates_print_partials). */
    bool partial;

    /* How large is its number? NULL: it always fits. */
    enum aggregate_size (*size)(const struct aggregate_view *from, const struct aggregate *item);
};

/* The families: entries up to one without a name. */
extern const struct aggregate_function aggregate_counts[];
extern const struct aggregate_function aggregate_numbers[];
extern const struct aggregate_function aggregate_kept[];
extern const struct aggregate_function aggregate_percents[];
extern const struct aggregate_function aggregate_truths[];
extern const struct aggregate_function aggregate_approximate[];
extern const struct aggregate_function aggregate_lists[];
extern const struct aggregate_function aggregate_tops[];
extern const struct aggregate_function aggregate_spreads[];
extern const struct aggregate_function aggregate_quantiles[];

/* The function of that name, or NULL. */
const struct aggregate_function *aggregate_function_find(struct slice name);

/* Adds the names of all functions for which wanted is true, with between between them and last
 * before the last one. */
void aggregate_functions_name(bool (*wanted)(const struct aggregate_function *function),
                              const char *between, const char *last, struct buffer *out);

/* Which aggregate has that name; -1: none. */
int aggregate_find(const struct aggregates *all, struct slice name);

/* Room in the text for so many bytes, zeroed, aligned to 8; where it begins. */
uint64_t aggregate_room(struct buffer *text, size_t bytes);

/* FUNC(F,N): reads a whole number from 1 to most. */
bool aggregate_whole(struct slice text, int64_t most, int64_t *out);

/* A value, not null, as it is counted: a string is another one than the number that looks like it.
 */
static inline struct id aggregate_value_id(struct value value)
{
    const struct id id = id_of(value_slice(value));
    return value.kind == KIND_STRING ? id : id_mix(id, (struct id){value.kind, 1});
}

static inline const void *view_cell(const struct aggregate_view *from, const struct aggregate *item)
{
    return from->cells + item->cell;
}

#endif
