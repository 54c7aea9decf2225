#include "session/basket.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "session/name.h"

#define PUTS '+'
#define TAKES '-' /* behind it in the order of bytes */

bool move_number(struct value value, bool zero, decimal *number)
{
    if (value.kind != KIND_NUMBER && value.kind != KIND_STRING) return false;
    const struct slice text = value_slice(value);
    if (!number_valid(text) || !decimal_parse(text, number)) return false;
    return *number > 0 || (zero && *number == 0);
}

void move_write(struct buffer *out, bool takes, struct value product, struct value quantity,
                struct value price)
{
    buffer_add_char(out, takes ? TAKES : PUTS);
    name_add(out, product);
    if (quantity.kind == KIND_NULL && price.kind == KIND_NULL) { /* nearly always */
        static const char nulls[] = {KIND_NULL, 0, KIND_NULL, 0};
        buffer_add(out, nulls, sizeof nulls);
        return;
    }
    name_add(out, quantity);
    name_add(out, price);
}

struct move move_read(struct slice text)
{
    struct slice rest = {.text = text.text + 1, .len = text.len - 1};
    struct move move = {.takes = text.text[0] == TAKES, .quantity = DECIMAL_ONE};

    move.product = name_value(&rest);
    const struct value quantity = name_value(&rest);
    move.has_quantity =
        quantity.kind == KIND_NUMBER && decimal_parse(value_slice(quantity), &move.quantity);
    move.price = name_value(&rest);
    return move;
}

bool move_whole(struct slice text)
{
    if (text.len == 0 || (text.text[0] != PUTS && text.text[0] != TAKES)) return false;
    struct slice rest = {.text = text.text + 1, .len = text.len - 1};
    if (!name_whole(rest)) return false;
    for (int i = 0; i < 3; i++) {
        if (rest.len == 0) return false;
        const struct value value = name_value(&rest);
        decimal number;
        if (value.kind == KIND_NULL) continue;
        if (i == 0 ? value.kind != KIND_STRING
                   : value.kind != KIND_NUMBER || !move_number(value, i == 2, &number))
            return false;
    }
    return rest.len == 0;
}

void basket_release(struct basket *basket)
{
    free(basket->line);
    *basket = (struct basket){0};
}

/* --- moves --- */

static void line_add(struct basket *basket, const struct basket_line *line)
{
    if (basket->count == basket->cap) {
        basket->cap = basket->cap == 0 ? 16 : basket->cap * 2;
        basket->line = memory_resize(basket->line, basket->cap, sizeof *basket->line);
    }
    basket->line[basket->count++] = *line;
}

static void line_drop(struct basket *basket, uint32_t place)
{
    basket->count--;
    for (uint32_t i = place; i < basket->count; i++)
        basket->line[i] = basket->line[i + 1];
}

/* From which lines a removal takes. */
enum reach { REACH_PRODUCT, REACH_UNNAMED, REACH_ALL };

static bool line_is(const struct basket_line *line, enum reach reach, struct value product)
{
    if (reach == REACH_ALL) return true;
    if (reach == REACH_UNNAMED) return line->product.kind == KIND_NULL;
    return value_equal(line->product, product);
}

/* The last such line that is not later; -1: there is none. */
static int64_t line_find(const struct basket *basket, enum reach reach, int64_t time_us,
                         struct value product)
{
    for (int64_t i = (int64_t)basket->count - 1; i >= 0; i--)
        if (basket->line[i].time_us <= time_us && line_is(&basket->line[i], reach, product))
            return i;
    return -1;
}

static void lines_take(struct basket *basket, int64_t time_us, const struct move *move)
{
    const bool is_named = move->product.kind != KIND_NULL;
    enum reach reach = is_named ? REACH_PRODUCT : REACH_UNNAMED;
    int64_t at = line_find(basket, reach, time_us, move->product);

    if (at < 0) {
        reach = is_named ? REACH_UNNAMED : REACH_ALL;
        at = line_find(basket, reach, time_us, move->product);
    }
    if (at < 0) {
        if (basket->beyond > 0 && basket->beyond_us <= time_us) basket->beyond--;
        return;
    }
    if (!move->has_quantity) {
        line_drop(basket, (uint32_t)at);
        return;
    }
    for (decimal left = move->quantity; left > 0 && at >= 0;
         at = line_find(basket, reach, time_us, move->product)) {
        struct basket_line *line = &basket->line[at];
        if (line->quantity > left) {
            line->quantity -= left;
            return;
        }
        left -= line->quantity;
        line_drop(basket, (uint32_t)at);
    }
}

static struct basket_line line_of(int64_t time_us, const struct move *move)
{
    return (struct basket_line){.time_us = time_us,
                                .product = move->product,
                                .price = move->price,
                                .quantity = move->quantity};
}

/* An addition of which no line is kept. */
static void beyond_add(uint32_t *beyond, int64_t *beyond_us, int64_t time_us)
{
    if (*beyond == 0 || time_us > *beyond_us) *beyond_us = time_us;
    if (*beyond < UINT32_MAX) (*beyond)++;
}

bool basket_move(struct basket *basket, int64_t time_us, const struct move *move)
{
    if (move->takes) {
        lines_take(basket, time_us, move);
        return true;
    }
    if (basket->count < BASKET_LINES) {
        const struct basket_line line = line_of(time_us, move);
        line_add(basket, &line);
        return true;
    }
    beyond_add(&basket->beyond, &basket->beyond_us, time_us);
    return false;
}

void basket_buy(struct basket *basket, int64_t time_us)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < basket->count; i++)
        if (basket->line[i].time_us > time_us) basket->line[kept++] = basket->line[i];
    basket->count = kept;
    if (basket->beyond_us <= time_us) basket->beyond = 0;
}

/* --- rows --- */

/* Is there a line of that product and price before it? */
static bool is_told(const struct basket *basket, uint32_t place)
{
    const struct basket_line *line = &basket->line[place];

    for (uint32_t i = 0; i < place; i++)
        if (value_equal(basket->line[i].product, line->product) &&
            value_equal(basket->line[i].price, line->price))
            return true;
    return false;
}

static void entry_print(const struct basket *basket, uint32_t place, struct buffer *out)
{
    const struct basket_line *first = &basket->line[place];
    decimal quantity = 0;
    bool fits = true;

    for (uint32_t i = place; i < basket->count; i++)
        if (value_equal(basket->line[i].product, first->product) &&
            value_equal(basket->line[i].price, first->price))
            fits = !__builtin_add_overflow(quantity, basket->line[i].quantity, &quantity) && fits;
    buffer_add_literal(out, "{\"product_id\":");
    value_print(out, first->product);
    buffer_add_literal(out, ",\"quantity\":");
    if (fits)
        decimal_print(out, quantity);
    else
        buffer_add_literal(out, "null");
    buffer_add_literal(out, ",\"price\":");
    value_print(out, first->price);
    buffer_add_literal(out, "},");
}

void basket_print(const struct basket *basket, struct buffer *out)
{
    buffer_add_char(out, '[');
    for (uint32_t i = 0; i < basket->count; i++)
        if (!is_told(basket, i)) entry_print(basket, i, out);
    if (out->data[out->len - 1] == ',') out->len--;
    buffer_add_char(out, ']');
}

/* a * b, where that is a decimal. */
static bool decimal_product(decimal a, decimal b, decimal *product)
{
    decimal fine;

    if (a % DECIMAL_ONE == 0) return !__builtin_mul_overflow(a / DECIMAL_ONE, b, product);
    if (b % DECIMAL_ONE == 0) return !__builtin_mul_overflow(b / DECIMAL_ONE, a, product);
    if (__builtin_mul_overflow(a, b, &fine) || fine % DECIMAL_ONE != 0) return false;
    *product = fine / DECIMAL_ONE;
    return true;
}

enum basket_worth basket_value(const struct basket *basket, decimal *value)
{
    bool fits = true;
    *value = 0;
    if (basket->beyond > 0) return WORTH_UNKNOWN;
    for (uint32_t i = 0; i < basket->count; i++) {
        const struct basket_line *line = &basket->line[i];
        decimal price, worth = 0;
        if (!move_number(line->price, true, &price)) return WORTH_UNKNOWN;
        fits = decimal_product(line->quantity, price, &worth) &&
               !__builtin_add_overflow(*value, worth, value) && fits;
    }
    return fits ? WORTH_KNOWN : WORTH_LOST;
}

/* --- bytes --- */

/* In front of the lines; at any address. */
struct head {
    uint32_t count, beyond;
    int64_t beyond_us;
};

static struct head head_read(const char *at)
{
    struct unpack in = {.at = at, .end = at + sizeof(struct head)};
    struct head head = {.count = unpack_u32(&in)};

    head.beyond = unpack_u32(&in);
    head.beyond_us = unpack_i64(&in);
    return head;
}

static void head_write(struct buffer *out, const struct head *head)
{
    pack_u32(out, head->count);
    pack_u32(out, head->beyond);
    pack_i64(out, head->beyond > 0 ? head->beyond_us : 0);
}

static void line_write(const struct basket_line *line, struct buffer *out)
{
    struct buffer text = {0}, quantity = {0};

    decimal_print(&quantity, line->quantity);
    const struct value number = {
        .text = quantity.data, .len = (uint32_t)quantity.len, .kind = KIND_NUMBER};
    move_write(&text, false, line->product, number, line->price);
    pack_i64(out, line->time_us);
    pack_text(out, buffer_slice(&text));
    buffer_release(&text);
    buffer_release(&quantity);
}

void basket_write(const struct basket *basket, struct buffer *out)
{
    const struct head head = {basket->count, basket->beyond, basket->beyond_us};

    if (basket_is_empty(basket)) return;
    head_write(out, &head);
    for (uint32_t i = 0; i < basket->count; i++)
        line_write(&basket->line[i], out);
}

uint32_t basket_bytes_put(char *bytes, int64_t time_us, const struct move *move,
                          struct buffer *line)
{
    struct head head = head_read(bytes);

    if (head.count < BASKET_LINES) {
        const struct basket_line own = line_of(time_us, move);
        line_write(&own, line);
        head.count++;
    } else {
        beyond_add(&head.beyond, &head.beyond_us, time_us);
    }
    struct buffer new = {0};
    head_write(&new, &head);
    memcpy(bytes, new.data, new.len);
    buffer_release(&new);
    return head.beyond;
}

bool basket_read(struct basket *basket, struct slice bytes)
{
    basket_clear(basket);
    if (bytes.len == 0) return true;
    struct unpack in = {.at = bytes.text, .end = bytes.text + bytes.len};
    const uint32_t count = unpack_u32(&in);
    const uint32_t beyond = unpack_u32(&in);
    const int64_t beyond_us = unpack_i64(&in);
    for (uint32_t i = 0; i < count && !in.broken; i++) {
        const int64_t time_us = unpack_i64(&in);
        const struct slice text = unpack_text(&in);
        if (in.broken || count > BASKET_LINES || !move_whole(text)) return false;
        const struct move move = move_read(text);
        if (move.takes) return false;
        (void)basket_move(basket, time_us, &move);
    }
    basket->beyond = beyond;
    basket->beyond_us = beyond_us;
    return !in.broken && in.at == in.end && !basket_is_empty(basket);
}
