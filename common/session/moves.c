#include "session/moves.h"

#include <string.h>

bool moves_init(struct moves *moves, struct actions *actions, const char *emptied, bool always,
                bool prices, struct run *run)
{
    static const char *const taken[] = {"add_to_cart", "purchase", "checkout_start"};
    struct schema *schema = &run->schema;

    *moves =
        (struct moves){.schema = schema, .run = run, .product = -1, .quantity = -1, .price = -1};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(emptied, taken[i]) == 0) return false;
    const int add = actions_add(actions, SLICE("add_to_cart"));
    if (*emptied == '\0' && !always) return true;
    moves->add = (unsigned)add;
    if (*emptied != '\0') {
        const int remove = actions_add(actions, slice_of(emptied));
        if (remove < 0) return false;
        moves->remove = (unsigned)remove;
    }
    moves->product = schema_need(schema, SLICE("product_id"));
    moves->quantity = schema_need(schema, SLICE("quantity"));
    if (prices) moves->price = schema_expect(schema, SLICE("price"), "cart");
    return true;
}

void moves_release(struct moves *moves)
{
    buffer_release(&moves->text);
}

/* The number in a slot as text, or null. */
static struct value number_of(struct moves *moves, const struct event *ev, int slot, bool zero)
{
    struct value value = event_value(ev, slot);
    decimal number;

    if (value.kind == KIND_NULL) return VALUE_NULL;
    if (!move_number(value, zero, &number)) {
        moves->run->counters.not_numbers++;
        misnumber_note(&moves->run->misnumbers, MISNUMBER_CART, moves->schema->name[slot], value);
        return VALUE_NULL;
    }
    value.kind = KIND_NUMBER;
    return value;
}

struct slice moves_text(struct moves *moves, const struct event *ev, bool takes)
{
    struct value quantity = VALUE_NULL, price = VALUE_NULL, product = VALUE_NULL;

    if (moves->quantity >= 0) {
        product = event_value(ev, moves->product);
        quantity = number_of(moves, ev, moves->quantity, false);
    }
    if (moves->price >= 0 && !takes) price = number_of(moves, ev, moves->price, true);
    moves->taken += takes;
    buffer_clear(&moves->text);
    move_write(&moves->text, takes, product, quantity, price);
    return buffer_slice(&moves->text);
}

bool stretch_leaves(const struct stretches *stretches, const struct stretch *stretch,
                    struct basket *basket, uint64_t *cut)
{
    struct overview overview;

    stretch_overview(&overview, stretches, stretch);
    if (overview.products_cut) {
        (*cut)++;
        return true;
    }
    struct products list =
        products_walk(overview.products, overview.products_kept, overview.start_us);
    basket_clear(basket);
    for (; list.left > 0; products_next(&list)) {
        if (!move_whole(list.text)) continue; /* a state may have anything there */
        const struct move move = move_read(list.text);
        (void)basket_move(basket, list.time_us, &move);
    }
    return !basket_is_empty(basket);
}
