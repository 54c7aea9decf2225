#include "admit/misnumber.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "base/die.h"
#include "base/json.h"
#include "base/numeral.h"
#include "expr/moment.h"
#include "expr/operand.h"

/* More of an example nobody needs. */
#define EXAMPLE_MAX 40

static struct misnumber *item_of(struct misnumbers *all, enum misnumber_kind kind,
                                 struct slice name)
{
    for (int i = 0; i < all->count; i++)
        if (all->item[i].kind == kind && slice_equal(buffer_slice(&all->item[i].name), name))
            return &all->item[i];
    if (all->count == MISNUMBERS_MAX) return NULL;
    struct misnumber *item = &all->item[all->count++];
    *item = (struct misnumber){.kind = kind};
    buffer_add_slice(&item->name, name);
    return item;
}

/* Is there one that says something? */
static bool has_example(const struct misnumber *item)
{
    const struct slice example = buffer_slice(&item->example);
    return example.len != 0 && !slice_equal(example, SLICE("\"\""));
}

static void item_add(struct misnumber *item, uint64_t count, struct slice example)
{
    item->count += count;
    if (has_example(item)) return;
    buffer_clear(&item->example);
    buffer_add_slice(&item->example, example);
}

void misnumber_count(struct misnumbers *all, enum misnumber_kind kind, struct slice name)
{
    struct misnumber *const item = item_of(all, kind, name);
    if (item != NULL) item->count++;
}

static void beside(struct misnumbers *all, enum misnumber_kind kind, struct slice name)
{
    struct misnumber *const item = item_of(all, kind, name);
    if (item != NULL) item->beside_numbers = true;
}

void misnumber_beside(struct misnumbers *all, int slot, struct slice name)
{
    beside(all, MISNUMBER_MIXED, name);
    all->numbers |= UINT64_C(1) << slot;
}

void misnumber_note(struct misnumbers *all, enum misnumber_kind kind, struct slice name,
                    struct value value)
{
    struct misnumber *const item = item_of(all, kind, name);
    if (item == NULL) return;
    if (has_example(item)) { /* that is all */
        item->count++;
        return;
    }
    struct buffer example = {0};
    if (value.kind == KIND_FALSE || value.kind == KIND_TRUE)
        buffer_printf(&example, "%s", value.kind == KIND_TRUE ? "true" : "false");
    else
        value_print(&example, value);
    item_add(item, 1, buffer_slice(&example));
    buffer_release(&example);
}

/* The example's text, if it is one that needs no escapes. */
static struct slice plain_text(const struct misnumber *item)
{
    const struct slice json = buffer_slice(&item->example);
    if (json.len < 2 || json.text[0] != '"' || memchr(json.text, '\\', json.len) != NULL)
        return (struct slice){.text = "x", .len = 1};
    return (struct slice){.text = json.text + 1, .len = json.len - 2};
}

/* Would the number be one to --number with --decimal-comma, which can be given for it? */
static bool may_have_comma(const struct misnumber *item, struct slice text)
{
    return (item->kind == MISNUMBER_LEFT || item->kind == MISNUMBER_AS_TEXT ||
            item->kind == MISNUMBER_MIXED || item->kind == MISNUMBER_MEASURED) &&
           numeral_valid(text, true);
}

/* What would help, in parentheses; nothing where that cannot be seen. */
static void advise(const struct misnumbers *all, const struct misnumber *item, struct buffer *out)
{
    const int name_len = (int)item->name.len;
    const struct slice text = plain_text(item);
    const char *const fault = numeral_fault(text, all->decimal_comma);

    if (item->kind == MISNUMBER_TRUTH || item->kind == MISNUMBER_WORD) {
        buffer_printf(out, " (compare it with \"%.*s\"?)", (int)text.len, text.text);
    } else if (item->kind == MISNUMBER_QUOTED) {
        buffer_printf(out, " (compare it with %.*s, without quotes?)", (int)item->example.len,
                      item->example.data);
    } else if (item->kind == MISNUMBER_RANKED) {
        if (name_bare(buffer_slice(&item->name)))
            buffer_printf(out, " ((.%.*s | tonumber), and no quotes, compare numbers)", name_len,
                          item->name.data);
    } else if (item->kind == MISNUMBER_MOMENT) {
        if (name_bare(buffer_slice(&item->name)))
            buffer_printf(out, " (epoch(.%.*s) and epoch(\"...\") compare times)", name_len,
                          item->name.data);
    } else if (item->kind == MISNUMBER_NOBODY) {
        buffer_printf(out, " (-w '.%.*s != %.*s' leaves it out)", name_len, item->name.data,
                      (int)item->example.len, item->example.data);
    } else if (item->kind != MISNUMBER_TEXT && numeral_valid(text, all->decimal_comma)) {
        if (item->kind != MISNUMBER_OTHER)
            buffer_printf(out, " (--number=%.*s?)", name_len, item->name.data);
    } else if (fault != NULL && may_have_comma(item, text)) {
        buffer_printf(out, " (--number=%.*s --decimal-comma?)", name_len, item->name.data);
    } else if (fault != NULL) {
        buffer_printf(out, " (%s)", fault);
    }
}

/* Of one value, and of several. */
static const char *const what_became[MISNUMBER_KINDS][2] = {
    [MISNUMBER_TEXT] = {"value is no number and stayed text",
                        "values are no numbers and stayed text"},
    [MISNUMBER_LEFT] = {"value is no number and in no sum or average",
                        "values are no numbers and in no sum or average"},
    [MISNUMBER_OTHER] = {"value is no number and in no sum or average",
                         "values are no numbers and in no sum or average"},
    [MISNUMBER_AS_TEXT] = {"value is a number as text, and min and max compare it as text",
                           "values are numbers as text, and min and max compare them as text"},
    [MISNUMBER_CART] = {"value is no number that a cart can have, and is as good as missing",
                        "values are no numbers that a cart can have, and are as good as missing"},
    [MISNUMBER_HUGE] = {"number is too large to be added up, and what it belongs to is null",
                        "numbers are too large to be added up, and what they belong to is null"},
    [MISNUMBER_SUM] = {"value of a row is null: it has more digits than are kept",
                       "values of rows are null: they have more digits than are kept"},
    [MISNUMBER_SCORE] = {"value is too large to be compared, and in no baseline",
                         "values are too large to be compared, and in no baseline"},
    [MISNUMBER_MIXED] = {"value among numbers is none, and to min and max any text is greater than "
                         "any number, and true and false are less",
                         "values among numbers are none, and to min and max any text is greater "
                         "than any number, and true and false are less"},
    [MISNUMBER_MEASURED] = {"value is text, and text is greater than the number it is compared "
                            "with, whatever it says",
                            "values are text, and text is greater than the number it is compared "
                            "with, whatever it says"},
    [MISNUMBER_WORD] = {"value is text, as always, and text is greater than the number it is "
                        "compared with, whatever it says",
                        "values are text, as always, and text is greater than the number it is "
                        "compared with, whatever it says"},
    [MISNUMBER_TRUTH] = {"value is text, which is never equal to true or false",
                         "values are text, which is never equal to true or false"},
    [MISNUMBER_NOBODY] = {"row is of an id that programs write where there is none",
                          "rows are of ids that programs write where there is none"},
    [MISNUMBER_QUOTED] = {"value is no text, and so less than the text it is compared with, "
                          "whatever that says",
                          "values are no texts, and so less than the text they are compared with, "
                          "whatever that says"},
    [MISNUMBER_MOMENT] = {"time is compared as text with one that is written otherwise, and is "
                          "not on that side of it",
                          "times are compared as text with one that is written otherwise, and are "
                          "not on that side of it"},
    [MISNUMBER_APART] = {"value is a number as text, which is not the same as that number",
                         "values are numbers as text, which are not the same as those numbers"},
    [MISNUMBER_RANKED] = {"number as text is compared as text with one in quotes, and is not on "
                          "that side of it",
                          "numbers as text are compared as text with one in quotes, and are not on "
                          "that side of it"},
};

/* Is it only told where the member had numbers, too? */
static bool is_beside(const struct misnumber *item)
{
    return item->kind == MISNUMBER_MIXED || item->kind == MISNUMBER_APART;
}

/* Is it of rows, and not of what is read? */
static bool is_of_rows(const struct misnumber *item)
{
    return item->kind == MISNUMBER_SUM || item->kind == MISNUMBER_SCORE ||
           item->kind == MISNUMBER_NOBODY;
}

static int item_compare(const void *a, const void *b)
{
    const struct misnumber *const one = *(const struct misnumber *const *)a;
    const struct misnumber *const other = *(const struct misnumber *const *)b;
    if (is_of_rows(one) != is_of_rows(other)) return is_of_rows(one) ? 1 : -1;
    if (one->kind != other->kind) return one->kind < other->kind ? -1 : 1;
    return slice_compare(buffer_slice(&one->name), buffer_slice(&other->name));
}

/* true, False, TRUE as text. */
static bool is_truth(struct value value)
{
    return value.kind == KIND_STRING &&
           ((value.len == 4 && strncasecmp(value.text, "true", 4) == 0) ||
            (value.len == 5 && strncasecmp(value.text, "false", 5) == 0));
}

static void apart_note(struct misnumbers *all, const struct schema *schema, const struct event *ev)
{
    for (uint64_t left = schema->apart & schema->needed; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        const struct value value = ev->value[slot];
        if (value.kind == KIND_STRING && numeral_valid(value_slice(value), false)) {
            misnumber_note(all, MISNUMBER_APART, schema->name[slot], value);
        } else if (value.kind == KIND_NUMBER && (all->apart >> slot & 1) == 0) {
            beside(all, MISNUMBER_APART, schema->name[slot]);
            all->apart |= UINT64_C(1) << slot;
        }
    }
}

void misnumber_texts_note(struct misnumbers *all, const struct schema *schema,
                          const struct event *ev)
{
    apart_note(all, schema, ev);
    for (uint64_t left = schema->judged & schema->needed; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        if (is_truth(ev->value[slot]))
            misnumber_note(all, MISNUMBER_TRUTH, schema->name[slot], ev->value[slot]);
    }
    for (uint64_t left = schema->timed & schema->needed; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        if (ev->value[slot].kind != KIND_STRING) continue;
        const enum moment_fault fault = moment_misjudged(schema, slot, ev->value[slot]);
        if (fault != MOMENT_FINE)
            misnumber_note(all, fault == MOMENT_TIME ? MISNUMBER_MOMENT : MISNUMBER_RANKED,
                           schema->name[slot], ev->value[slot]);
    }
    for (uint64_t left = schema->quoted & schema->needed; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        if (ev->value[slot].kind != KIND_NULL && ev->value[slot].kind < KIND_STRING)
            misnumber_note(all, MISNUMBER_QUOTED, schema->name[slot], ev->value[slot]);
    }
    const uint64_t slots = (schema->number | schema->measured) & schema->needed;
    for (uint64_t left = slots; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        if (ev->value[slot].kind != KIND_STRING) continue;
        const enum misnumber_kind kind = (schema->number >> slot & 1) != 0 ? MISNUMBER_TEXT
                                         : slot < SLOT_CANONICAL           ? MISNUMBER_WORD
                                                                           : MISNUMBER_MEASURED;
        misnumber_note(all, kind, schema->name[slot], ev->value[slot]);
    }
}

static void item_tell(const struct misnumbers *all, const struct misnumber *item)
{
    const int name_len = (int)item->name.len;
    const char *const what = what_became[item->kind][item->count != 1];
    const size_t len = item->example.len;
    if (item->count == 0 || (is_beside(item) && !item->beside_numbers)) return;
    if (len == 0) {
        message("%.*s: %" PRIu64 " %s", name_len, item->name.data, item->count, what);
        return;
    }
    struct buffer advice = {0};
    advise(all, item, &advice);
    message("%.*s: %" PRIu64 " %s, such as %.*s%s%.*s", name_len, item->name.data, item->count,
            what, (int)(len < EXAMPLE_MAX ? len : EXAMPLE_MAX), item->example.data,
            len < EXAMPLE_MAX ? "" : "...", (int)advice.len, advice.len == 0 ? "" : advice.data);
    buffer_release(&advice);
}

/* With --jobs some are noted where events are read, and some where rows are made: the order is not
 * that in which they came. */
void misnumber_tell(const struct misnumbers *all)
{
    const struct misnumber *items[MISNUMBERS_MAX];
    for (int i = 0; i < all->count; i++)
        items[i] = &all->item[i];
    if (all->count > 1) qsort(items, (size_t)all->count, sizeof items[0], item_compare);
    for (int i = 0; i < all->count; i++)
        item_tell(all, items[i]);
}

void misnumber_pack(const struct misnumbers *all, struct buffer *out)
{
    pack_u32(out, (uint32_t)all->count);
    for (int i = 0; i < all->count; i++) {
        pack_u8(out, (uint8_t)all->item[i].kind);
        pack_u8(out, all->item[i].beside_numbers);
        pack_text(out, buffer_slice(&all->item[i].name));
        pack_u64(out, all->item[i].count);
        pack_text(out, buffer_slice(&all->item[i].example));
    }
}

bool misnumber_add(struct misnumbers *all, struct unpack *in)
{
    for (uint32_t left = unpack_u32(in); left > 0 && !in->broken; left--) {
        const enum misnumber_kind kind = unpack_u8(in);
        const bool beside_numbers = unpack_u8(in) != 0;
        const struct slice name = unpack_text(in);
        const uint64_t count = unpack_u64(in);
        const struct slice example = unpack_text(in);
        if (kind >= MISNUMBER_KINDS) in->broken = true;
        struct misnumber *const item = in->broken ? NULL : item_of(all, kind, name);
        if (item == NULL) continue;
        item->beside_numbers |= beside_numbers;
        item_add(item, count, example);
    }
    return !in->broken;
}

void misnumber_release(struct misnumbers *all)
{
    for (int i = 0; i < all->count; i++) {
        buffer_release(&all->item[i].name);
        buffer_release(&all->item[i].example);
    }
    all->count = 0;
    all->numbers = all->apart = 0;
}
