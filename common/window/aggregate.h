/*
 * aggregate.h - --agg: what is counted and kept for every group of a window.
 *
 *     NAME=FUNC[(F)][ if EXPR]
 *
 * A group has a row of cells, one per aggregate, fixed in size: zeroed cells are those of a group
 * that no event has touched. Two cells of the same aggregate can be combined, in either order, into
 * the cell of all events together; that is what makes rows independent of the order of events, and
 * partial results of several processes mergeable. What the functions are is in a table:
 * aggregate_inside.h.
 *
 * distinct counts need to know which ids have been seen: all distinct(F) over the same F are one
 * set, in which an id is looked up once per event and has a bit for each of its aggregates
 * (window.h keeps these tables). The same for conditions: equal texts are one expression, evaluated
 * once per event.
 */
#ifndef CS_AGGREGATE_H
#define CS_AGGREGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/pack.h"
#include "event/event.h"
#include "event/schema.h"
#include "expr/expr.h"
#include "expr/operand.h"
#include "writer/rows.h"

struct aggregate_function; /* aggregate_inside.h */

/* What the number of an aggregate is, which says what it is where there is nothing. */
enum aggregate_measure {
    MEASURE_STATE,  /* an average, an extreme: of nothing there is none */
    MEASURE_AMOUNT, /* a sum: of nothing it is 0 */
    MEASURE_COUNT,  /* of events or ids: likewise, and it is as uncertain as its square root */
};

#define AGGREGATES_MAX 64
#define CONDITIONS_MAX 63
#define CONDITION_NONE 63 /* the bit of selected that is always set */
#define SET_BITS 32

struct aggregate {
    char *name; /* of the row's member; owned */
    char *text; /* as written; owned */
    const struct aggregate_function *function;
    int operand;                        /* index, or -1 */
    int condition;                      /* bit of selected */
    uint32_t cell;                      /* where its cell stands in the group's cells, in bytes */
    int part, whole;                    /* percent: indexes of the other two */
    struct slice part_name, whole_name; /* percent: into text */
    int64_t parameter;                  /* the number of FUNC(F,N), as the function has read it */
    int row_slot; /* --merge: the member of that name in the rows read; else -1 */
};

/* The distinct aggregates over one operand. */
struct distinct_set {
    int operand;
    int count;
    uint8_t condition[SET_BITS]; /* bit of selected, for each bit of the set */
    uint32_t cell[SET_BITS];     /* where the count stands */
    uint64_t direct; /* all bits of the set, where bit i of it is bit i of selected; else 0 */
};

/* What the conditions that read event_type only say of one event type. */
struct type_memo {
    struct value_head head;
    uint64_t selected; /* 0: free */
    uint32_t len;
};
#define TYPE_MEMOS 64

/* A count of events: there are many of them, and they cost nothing but this. */
struct counted {
    uint32_t cell;
    int condition; /* bit of selected */
};

struct aggregates {
    struct aggregate item[AGGREGATES_MAX];
    int count;
    bool only_distinct; /* nothing for aggregates_event to do */
    struct counted counted[AGGREGATES_MAX];
    int counted_count;
    uint8_t added[AGGREGATES_MAX]; /* indexes of those to which events are added one by one */
    int added_count;
    struct operand operand[AGGREGATES_MAX];
    int operand_count;
    struct expr *condition[CONDITIONS_MAX];
    char *condition_text[CONDITIONS_MAX]; /* owned */
    int condition_count;
    uint64_t typed;   /* bit per condition that reads event_type only: not run again for a type seen
                         before */
    uint64_t untyped; /* the other conditions */
    struct type_memo memo[TYPE_MEMOS];
    struct distinct_set set[AGGREGATES_MAX];
    int set_count;
    uint32_t cell_bytes;
    int too_large_slot; /* --merge: of that member in the rows read; else -1 */
    int partials_slot;  /* likewise */
};

void aggregates_init(struct aggregates *all);
void aggregates_release(struct aggregates *all);

/* Reads one --agg. False: the reason is added to why. */
bool aggregates_add(struct aggregates *all, const char *text, struct schema *schema,
                    struct buffer *why);

/* After the last one: finds what percent refers to, lays out cells and sets. False: as above. */
bool aggregates_complete(struct aggregates *all, struct buffer *why);

/* Can each be added up from parts? False: one cannot, which is added to why. */
bool aggregates_parts(const struct aggregates *all, struct buffer *why);

/* From now on the cells are read from rows that hold them under their names; aggregates that cannot
 * be added up (avg, first, last) are refused. After aggregates_complete. False: as above. */
bool aggregates_rows(struct aggregates *all, struct schema *schema, struct buffer *why);

/* Is there a sum, or what else may be too large to be printed? */
bool aggregates_may_be_too_large(const struct aggregates *all);

/* Prints the names of those that are null because they are too large as an array, for rows that
 * are parts: to add a part without numbers changes nothing, to add such a one makes null. Where
 * there is none, the member is left out. */
void aggregates_print_too_large(const struct aggregates *all, const char *cells, struct rows *rows,
                                int member);

/* Is there one whose parts are added up by what is saved of them, and not by what is printed? */
bool aggregates_have_partials(const struct aggregates *all);

/* Prints these, for rows that are parts: an object, NAME to base64. */
void aggregates_print_partials(const struct aggregates *all, const char *cells,
                               const struct buffer *text, struct rows *rows, int member);

/* For aggregates_select: runs the conditions that read event_type only, and keeps the result in
 * memo (NULL: nowhere); and the others. */
uint64_t aggregates_type_select(struct aggregates *all, const struct event *ev,
                                struct type_memo *memo, struct value_head head);
uint64_t aggregates_other_select(const struct aggregates *all, const struct event *ev);

/* Which conditions select the event: a bit each, CONDITION_NONE always. There are few event types:
 * each is looked at once. */
static inline uint64_t aggregates_select(struct aggregates *all, const struct event *ev)
{
    uint64_t selected = UINT64_C(1) << CONDITION_NONE;
    if (all->untyped != 0) selected = aggregates_other_select(all, ev);
    if (all->typed == 0) return selected;
    const struct value type = event_value(ev, SLOT_EVENT_TYPE);
    if (__builtin_expect(type.kind != KIND_STRING || type.len > VALUE_PADDING, 0))
        return selected | aggregates_type_select(all, ev, NULL, (struct value_head){0});
    const struct value_head head = value_head(type);
    const uint64_t hash = (head.low ^ head.high << 1 ^ type.len) * UINT64_C(0x9e3779b97f4a7c15);
    struct type_memo *memo = &all->memo[hash >> 32 & (TYPE_MEMOS - 1)];
    if (__builtin_expect(memo->selected == 0 || memo->len != type.len ||
                             ((memo->head.low ^ head.low) | (memo->head.high ^ head.high)) != 0,
                         0))
        return selected | aggregates_type_select(all, ev, memo, head);
    return selected | memo->selected;
}

/* These events will be selected and added next: the expressions that run in libjq are asked ahead,
 * each about the events that it will be run on (expr.h). */
void aggregates_ahead(const struct aggregates *all, const struct event *const *events,
                      size_t count);

/* Which bits of the set the event counts for. */
static inline uint32_t aggregates_set_mask(const struct distinct_set *set, uint64_t selected)
{
    if (set->direct != 0) return (uint32_t)(selected & set->direct);
    uint32_t mask = 0;
    for (int i = 0; i < set->count; i++)
        mask |= (uint32_t)(selected >> set->condition[i] & 1) << i;
    return mask;
}

/* What the operands are for one event: each is looked at when it is first needed, and once. */
struct operand_values {
    uint64_t known; /* bit per operand; 0 for a new event */
    struct value value[AGGREGATES_MAX];
};

static inline struct value operand_once(const struct aggregates *all, struct operand_values *values,
                                        const struct event *ev, int operand)
{
    if ((values->known >> operand & 1) == 0) {
        values->value[operand] = operand_value(&all->operand[operand], ev);
        values->known |= UINT64_C(1) << operand;
    }
    return values->value[operand];
}

/* What aggregates_event counts of the values that could not be added up: those that are no numbers
 * by ones, those that are too large by this. */
#define AGGREGATE_HUGE (1u << 16)

/* Adds the event to a group's cells, all but the distinct counts. Kept values are copied to text.
 * Returns how many values could not be added up. */
unsigned aggregates_event(const struct aggregates *all, char *cells, struct buffer *text,
                          const struct event *ev, struct operand_values *values, uint64_t selected);

/* --merge: sets the cells to what the row says. aggregates_row_valid first: true if its members
 * make sense. */
void aggregates_row(const struct aggregates *all, char *cells, struct buffer *text,
                    const struct event *ev);
bool aggregates_row_valid(const struct aggregates *all, const struct event *ev);

/* Aggregates as a mask, a bit for each index: those that have a cell, and of these those whose cell
 * is not a count of ids. */
uint64_t aggregates_all(const struct aggregates *all);
uint64_t aggregates_additive(const struct aggregates *all);

/* Is there one whose cells may depend on the order of events? Then these are added to each window,
 * one after the other. */
bool aggregates_in_order(const struct aggregates *all);

/* Adds the cells of mask in other to those in cells; what is kept is copied from other_text to
 * text, which is another one. */
void aggregates_combine(const struct aggregates *all, uint64_t mask, char *cells,
                        struct buffer *text, const char *other, const struct buffer *other_text);

/* Takes other, which was combined into cells, away again. Returns the cells of mask for which that
 * cannot be done: they are those of no event now, and what is left has to be combined into them
 * anew. */
uint64_t aggregates_remove(const struct aggregates *all, uint64_t mask, char *cells,
                           const struct buffer *text, const char *other,
                           const struct buffer *other_text);

/* Prints the aggregate as that member of the row. */
void aggregates_print(const struct aggregates *all, int index, const char *cells,
                      const struct buffer *text, struct rows *rows, int member);

/* What it is in a table. */
enum column_kind aggregates_column(const struct aggregates *all, int index);

/* Says so of the members that have the aggregate's name, and its second one's. */
void aggregates_describe(const struct aggregates *all, int index, struct rows *rows);

/* A second member that the aggregate has in rows, called NAME with this behind; NULL: it has none.
 * It may be left out of a row. */
const char *aggregates_extra(const struct aggregates *all, int index);
void aggregates_print_extra(const struct aggregates *all, int index, const char *cells,
                            const struct buffer *text, struct rows *rows, int member);

/* May the aggregate be a number? */
bool aggregates_is_number(const struct aggregates *all, int index);

/* An aggregate as a number, for cs-anomaly: where there is nothing (no numbers) an amount or count
 * is 0; false when it is not a number or too large for one. */
bool aggregates_number(const struct aggregates *all, int index, const char *cells,
                       const struct buffer *text, decimal *out);

/* How large its number is. */
enum aggregate_size {
    SIZE_FITS,    /* there may be none */
    SIZE_PRINTED, /* it is printed, but too large for a decimal: nothing is compared with it */
    SIZE_LOST     /* null is printed: it is too large, or what it is made of */
};

enum aggregate_size aggregates_size(const struct aggregates *all, int index, const char *cells,
                                    const struct buffer *text);

enum aggregate_measure aggregates_measure(const struct aggregates *all, int index);

/* Writes the cells; counts of ids only with_distinct (else they come back with the ids). Reading
 * adds to the cells; what is invalid sets in->broken. */
void aggregates_save(const struct aggregates *all, const char *cells, const struct buffer *text,
                     bool with_distinct, struct buffer *out);
void aggregates_load(const struct aggregates *all, char *cells, struct buffer *text,
                     bool with_distinct, struct unpack *in);

/* Are all expressions run natively? */
bool aggregates_native(const struct aggregates *all);

/* Adds a line for each aggregate, and one for each condition, for --explain. */
void aggregates_explain(const struct aggregates *all, struct buffer *out);

/* The count of a distinct aggregate or of count. */
static inline uint64_t *cell_count(char *cells, uint32_t cell)
{
    return (uint64_t *)(void *)(cells + cell);
}

#endif
