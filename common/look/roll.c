#include "look/roll.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"

/* So much of a value is kept; of what is longer, its beginning. */
#define VALUE_BYTES ((size_t)300)

/* So few rows are not made fewer, however long they are. */
#define ROWS_MIN 20

struct entry {
    struct id id;
    uint64_t number;
};

void roll_init(struct roll *roll, const struct layout *layout, size_t most)
{
    *roll = (struct roll){.layout = layout, .most = most};
    roll->row = memory_zero(most * 2, sizeof roll->row[0]);
    table_init(&roll->keys, sizeof(struct entry), HELD_ROWS);
}

void roll_release(struct roll *roll)
{
    for (size_t i = 0; i < roll->count; i++)
        free((char *)roll->row[i].text.text);
    free(roll->row);
    table_release(&roll->keys);
    buffer_release(&roll->scratch);
}

/* What the row has in common with one that it replaces. */
static struct id key_of(const struct roll *roll, const struct row *row)
{
    const struct layout *const layout = roll->layout;
    const char *const words = layout->kind->key;
    struct id id = ID_NONE;
    for (size_t i = 0; i < layout->count; i++) {
        const bool in_key = kind_word(words, layout->name[i]) || layout->role[i] == ROLE_GROUP ||
                            (i == 0 && kind_word(words, SLICE("1")));
        if (!in_key) continue;
        id = id_mix(id, id_of(layout->name[i]));
        id = id_mix(id, id_of(value_slice(row->value[i])));
        id.low ^= row->value[i].kind;
    }
    return id_mix(id, id);
}

/* The beginning of a text that is too long, cut between two characters; the dots say so. */
static void cut_print(struct buffer *out, struct value value)
{
    struct buffer plain = {0};
    const struct value text = value_plain(value, &plain);
    size_t len = VALUE_BYTES;
    while (len > 0 && ((unsigned char)text.text[len] & 0xc0) == 0x80)
        len--;
    struct buffer cut = {0};
    buffer_add(&cut, text.text, len);
    buffer_add_literal(&cut, "\xe2\x80\xa6");
    json_add_string(out, buffer_slice(&cut));
    buffer_release(&cut);
    buffer_release(&plain);
}

static void row_print(struct buffer *out, const struct row *row)
{
    buffer_clear(out);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < row->count; i++) {
        if (i > 0) buffer_add_char(out, ',');
        if (row->value[i].len > 2 * VALUE_BYTES)
            cut_print(out, row->value[i]);
        else
            value_print(out, row->value[i]);
    }
    buffer_add_char(out, ']');
}

/* The newest first. */
static int by_time(const void *a, const void *b)
{
    const struct roll_row *const one = a, *const other = b;
    if (one->time_us != other->time_us) return one->time_us > other->time_us ? -1 : 1;
    const int order = slice_compare(one->text, other->text);
    if (order != 0) return order;
    return (one->number > other->number) - (one->number < other->number);
}

static void roll_keep(struct roll *roll, size_t most)
{
    qsort(roll->row, roll->count, sizeof roll->row[0], by_time);
    while (roll->count > most) {
        const struct slice text = roll->row[--roll->count].text;
        roll->bytes -= text.len;
        free((char *)text.text);
        roll->let_go++;
    }
    table_clear(&roll->keys);
    for (size_t i = 0; i < roll->count; i++) {
        bool is_new;
        struct entry *const entry = table_put(&roll->keys, roll->row[i].key, &is_new);
        entry->number = i;
    }
}

void roll_tidy(struct roll *roll)
{
    roll_keep(roll, roll->most);
}

bool roll_let_go(struct roll *roll)
{
    if (roll->count < ROWS_MIN) return false;
    roll_keep(roll, roll->count / 2);
    return true;
}

size_t roll_bytes(const struct roll *roll)
{
    return roll->count * (sizeof roll->row[0] + 2 * sizeof(struct entry) + 32) + roll->bytes;
}

const char *roll_take(struct roll *roll, const struct row *row)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    struct roll_row one = {.key = key_of(roll, row), .number = roll->taken};
    bool is_new;
    if (!instant_parse(row->value[roll->layout->time], &format, &one.time_us))
        return "its time is none";
    roll->taken++;
    row_print(&roll->scratch, row);
    one.text = (struct slice){.text = memory_text(roll->scratch.data, roll->scratch.len),
                              .len = roll->scratch.len};
    if (roll->count == roll->most * 2) roll_tidy(roll);
    struct entry *const entry = table_put(&roll->keys, one.key, &is_new);
    if (is_new) {
        entry->number = roll->count++;
    } else {
        roll->replaced++;
        roll->bytes -= roll->row[entry->number].text.len;
        free((char *)roll->row[entry->number].text.text);
    }
    one.open = row->finality == FINALITY_OPEN;
    roll->bytes += one.text.len;
    roll->row[entry->number] = one;
    return NULL;
}

void roll_print(struct roll *roll, size_t most, struct buffer *out)
{
    roll_tidy(roll);
    const size_t count = roll->count < most ? roll->count : most;
    const uint64_t left_out = roll->let_go + (roll->count - count);
    buffer_printf(out, "\"taken\":%llu,\"replaced\":%llu,\"let_go\":%llu",
                  (unsigned long long)roll->taken, (unsigned long long)roll->replaced,
                  (unsigned long long)left_out);
    buffer_printf(out, ",\"time\":%zu,\"columns\":[", roll->layout->time);
    for (size_t i = 0; i < roll->layout->count; i++) {
        if (i > 0) buffer_add_char(out, ',');
        buffer_add_char(out, '"');
        buffer_add_slice(out, roll->layout->name[i]);
        buffer_add_char(out, '"');
    }
    buffer_add_literal(out, "],\"rows\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buffer_add_char(out, ',');
        buffer_add_slice(out, roll->row[i].text);
    }
    buffer_add_char(out, ']');
}
