/*
 * basket.h - what is in a cart: what was put in and not taken out, line by line.
 *
 * A move is what one event does to a cart: it puts a quantity of a product in, or takes some out.
 * What an addition has put in is a line, and lines stand in the order in which they came. A removal
 * takes from lines that are not later than it, the last one first:
 *     - of its own product; where there is none, of those that say no product
 *     - where it says no product, of those that say none, either; where there is none, of all
 * With a quantity it takes so much; without one it takes a line whole, because that is what one
 * addition has put in: so without quantities a cart is empty after as many removals as additions,
 * and where only additions have them, too. An addition without one puts in one. A removal that
 * finds no line changes nothing.
 *
 * A basket has at most BASKET_LINES; additions beyond are counted, and a removal that finds no line
 * takes one of these.
 *
 * As a text a move is one character, then product, quantity and price as a name has values (name.h)
 * in that order: texts of the same time in the order of their bytes have additions first.
 */
#ifndef CS_BASKET_H
#define CS_BASKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/pack.h"
#include "base/slice.h"
#include "base/value.h"

#define BASKET_LINES 1000

struct move {
    bool takes;           /* out; else it puts in */
    struct value product; /* a string; or null */
    struct value price;   /* a number; or null */
    bool has_quantity;
    decimal quantity; /* above 0; 1 where it has none */
};

/* The number of a value: a number above 0, or at least 0, as one or as text, that a decimal has
 * room for. False: it is none. */
bool move_number(struct value value, bool zero, decimal *number);

/* Adds a move as text. Quantity and price are a number's text, or null. */
void move_write(struct buffer *out, bool takes, struct value product, struct value quantity,
                struct value price);

/* And what such a text says, borrowed from it. */
struct move move_read(struct slice text);

/* Is this one, whole, and nothing else? */
bool move_whole(struct slice text);

struct basket_line {
    int64_t time_us;      /* of the addition */
    struct value product; /* borrowed, like price */
    struct value price;
    decimal quantity;
};

/* Zeroed it is an empty one. */
struct basket {
    struct basket_line *line;
    uint32_t count, cap;
    uint32_t beyond;   /* additions of which no line is kept */
    int64_t beyond_us; /* the last one of these */
};

void basket_release(struct basket *basket);

static inline void basket_clear(struct basket *basket)
{
    basket->count = basket->beyond = 0;
}

static inline bool basket_is_empty(const struct basket *basket)
{
    return basket->count == 0 && basket->beyond == 0;
}

/* Makes a move. False: it put in more than a basket has room for. */
bool basket_move(struct basket *basket, int64_t time_us, const struct move *move);

/* What was put in by then is bought. */
void basket_buy(struct basket *basket, int64_t time_us);

/* Adds [{"product_id":...,"quantity":...,"price":...},...]: lines of one product and price are one
 * entry, where the first of them stands. */
void basket_print(const struct basket *basket, struct buffer *out);

enum basket_worth {
    WORTH_KNOWN,
    WORTH_UNKNOWN, /* a price is missing */
    WORTH_LOST     /* there is no decimal for it */
};

/* What it is worth. Nothing is worth 0. */
enum basket_worth basket_value(const struct basket *basket, decimal *value);

/* A basket as bytes; empty ones are none. Reading borrows from them; false: they are none. */
void basket_write(const struct basket *basket, struct buffer *out);
bool basket_read(struct basket *basket, struct slice bytes);

/* Makes an addition to a basket that is bytes, without reading it: adds to line what belongs behind
 * them, if anything. Returns how many additions of this basket have no line by now. */
uint32_t basket_bytes_put(char *bytes, int64_t time_us, const struct move *move,
                          struct buffer *line);

#endif
