#include "expr/moment.h"

#include <string.h>

#include "base/memory.h"
#include "expr/epoch.h"

/* What a time lacks that ends early. */
static const char rest_of_time[] = "0001-01-01T00:00:00Z";
#define TIME_LEN (sizeof rest_of_time - 1)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

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

void moment_note(struct schema *schema, int slot, unsigned orders, struct slice text)
{
    int64_t time_us;
    for (size_t i = 0; i < schema->moment_count; i++)
        if (schema->moment[i].slot == slot && schema->moment[i].orders == orders &&
            slice_equal(schema->moment[i].text, text))
            return;
    if (schema->moment_count == SCHEMA_MAX) return; /* nobody will be told of it */
    if (!literal_read(text, &time_us)) return;
    schema->moment =
        memory_resize(schema->moment, schema->moment_count + 1, sizeof schema->moment[0]);
    schema->moment[schema->moment_count++] = (struct schema_moment){
        .slot = slot,
        .orders = orders,
        .text = {.text = memory_text(text.text, text.len), .len = text.len},
        .time_us = time_us,
    };
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

static bool is_misjudged(const struct schema_moment *moment, struct slice text)
{
    const struct slice other = moment->text;
    const size_t least = text.len < other.len ? text.len : other.len;
    size_t differ = 0;
    int64_t time_us;
    while (differ < least && text.text[differ] == other.text[differ])
        differ++;
    if (differ == least || is_written_alike(text, other, differ)) return false;
    if ((!is_dated(text) && !is_dated(other)) || !epoch_read_us(text, &time_us)) return false;
    const unsigned as_text = order_bit(slice_compare(text, other) < 0, false);
    const unsigned as_time = order_bit(time_us < moment->time_us, time_us == moment->time_us);
    return ((moment->orders & as_text) != 0) != ((moment->orders & as_time) != 0);
}

bool moment_misjudged(const struct schema *schema, int slot, struct value value)
{
    if (value.escaped || value.len == 0) return false;
    for (size_t i = 0; i < schema->moment_count; i++)
        if (schema->moment[i].slot == slot && is_misjudged(&schema->moment[i], value_slice(value)))
            return true;
    return false;
}
