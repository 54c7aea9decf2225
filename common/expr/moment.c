#include "expr/moment.h"

#include <string.h>

#include "base/digit.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/numeral.h"
#include "expr/epoch.h"

/* What a time lacks that ends early. */
static const char rest_of_time[] = "0001-01-01T00:00:00Z";
#define TIME_LEN (sizeof rest_of_time - 1)

#define NUMERAL_BYTES_MAX 64 /* longer ones nobody compares */

/* Does it begin with a year and a month, 2026-01? */
static bool is_dated(struct slice text)
{
    static const char layout[] = "0000-00";
    if (text.len < sizeof layout - 1) return false;
    for (size_t i = 0; i < sizeof layout - 1; i++)
        if (layout[i] == '0' ? !is_digit(text.text[i]) : text.text[i] != layout[i]) return false;
    return true;
}

static bool literal_read(struct slice text, int64_t *out_us)
{
    char whole[TIME_LEN];
    if (epoch_read_us(text, out_us)) return true;
    if (!is_dated(text) || text.len >= TIME_LEN) return false;
    memcpy(whole, rest_of_time, TIME_LEN);
    memcpy(whole, text.text, text.len);
    return epoch_read_us((struct slice){.text = whole, .len = TIME_LEN}, out_us);
}

static bool numeral_read(struct slice text, double *out)
{
    char number[NUMERAL_BYTES_MAX + NUMERAL_MORE];
    if (text.len > NUMERAL_BYTES_MAX) return false;
    const size_t len = numeral_write(number, text, false);
    if (len == 0) return false;
    *out = number_double((struct slice){.text = number, .len = len});
    return true;
}

static bool is_order(unsigned orders)
{
    return ((orders & MOMENT_LESS) != 0) != ((orders & MOMENT_GREATER) != 0);
}

void moment_note(struct schema *schema, int slot, unsigned orders, struct slice text)
{
    struct schema_moment moment = {.slot = slot, .orders = orders};
    for (size_t i = 0; i < schema->moment_count; i++)
        if (schema->moment[i].slot == slot && schema->moment[i].orders == orders &&
            slice_equal(schema->moment[i].text, text))
            return;
    if (schema->moment_count == SCHEMA_MAX) return; /* nobody will be told of it */
    if (!literal_read(text, &moment.time_us)) {
        if (!is_order(orders) || !numeral_read(text, &moment.number)) return;
        moment.is_number = true;
    }
    moment.text = (struct slice){.text = memory_text(text.text, text.len), .len = text.len};
    schema->moment =
        memory_resize(schema->moment, schema->moment_count + 1, sizeof schema->moment[0]);
    schema->moment[schema->moment_count++] = moment;
    schema->timed |= UINT64_C(1) << slot;
}

static bool is_zulu(struct slice text)
{
    return text.text[text.len - 1] == 'Z';
}

/* Is the first difference, at that place, one of digits that stand for the same in both? */
static bool is_written_alike(struct slice a, struct slice b, size_t differ)
{
    if (differ >= TIME_LEN - 1 || !is_digit(a.text[differ]) || !is_digit(b.text[differ]))
        return false;
    if (!is_dated(a) || !is_dated(b) || !is_zulu(a)) return false;
    return is_zulu(b) || b.len < TIME_LEN;
}

static unsigned order_bit(bool less, bool equal)
{
    return less ? MOMENT_LESS : equal ? MOMENT_EQUAL : MOMENT_GREATER;
}

/* Does the comparison say something else of the one than of the other? */
static bool says_otherwise(const struct schema_moment *moment, unsigned one, unsigned other)
{
    return ((moment->orders & one) != 0) != ((moment->orders & other) != 0);
}

static bool is_misranked(const struct schema_moment *moment, struct slice text)
{
    double number;
    if (!numeral_read(text, &number)) return false;
    const int order = slice_compare(text, moment->text);
    return says_otherwise(moment, order_bit(order < 0, order == 0),
                          order_bit(number < moment->number, !(number > moment->number)));
}

static bool is_mistimed(const struct schema_moment *moment, struct slice text)
{
    const struct slice other = moment->text;
    const size_t least = text.len < other.len ? text.len : other.len;
    size_t differ = 0;
    int64_t time_us;
    while (differ < least && text.text[differ] == other.text[differ])
        differ++;
    if (differ == least || is_written_alike(text, other, differ)) return false;
    if ((!is_dated(text) && !is_dated(other)) || !epoch_read_us(text, &time_us)) return false;
    return says_otherwise(moment, order_bit(slice_compare(text, other) < 0, false),
                          order_bit(time_us < moment->time_us, time_us == moment->time_us));
}

enum moment_fault moment_misjudged(const struct schema *schema, int slot, struct value value)
{
    const struct slice text = value_slice(value);
    if (value.escaped || value.len == 0) return MOMENT_FINE;
    for (size_t i = 0; i < schema->moment_count; i++) {
        const struct schema_moment *const moment = &schema->moment[i];
        if (moment->slot != slot) continue;
        if (moment->is_number ? is_misranked(moment, text) : is_mistimed(moment, text))
            return moment->is_number ? MOMENT_NUMBER : MOMENT_TIME;
    }
    return MOMENT_FINE;
}
