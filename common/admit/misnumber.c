#include "admit/misnumber.h"

#include <inttypes.h>

#include "base/die.h"
#include "base/json.h"
#include "base/numeral.h"

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

static void item_add(struct misnumber *item, uint64_t count, struct slice example)
{
    item->count += count;
    if (item->example.len > strlen("\"\"")) return;
    buffer_clear(&item->example);
    buffer_add_slice(&item->example, example);
}

void misnumber_note(struct misnumbers *all, enum misnumber_kind kind, struct slice name,
                    struct value value)
{
    struct misnumber *const item = item_of(all, kind, name);
    if (item == NULL) return;
    if (item->example.len > strlen("\"\"")) { /* that is all */
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

/* What would help, in parentheses; nothing where that cannot be seen. */
static void advise(const struct misnumbers *all, const struct misnumber *item, struct buffer *out)
{
    const int name_len = (int)item->name.len;
    const struct slice text = plain_text(item);
    const char *const fault = numeral_fault(text, all->decimal_comma);

    if (item->kind != MISNUMBER_TEXT && numeral_valid(text, all->decimal_comma)) {
        if (item->kind != MISNUMBER_OTHER)
            buffer_printf(out, " (--number=%.*s?)", name_len, item->name.data);
    } else if (fault != NULL && item->kind == MISNUMBER_LEFT && numeral_valid(text, true)) {
        buffer_printf(out, " (--number=%.*s --decimal-comma?)", name_len, item->name.data);
    } else if (fault != NULL) {
        buffer_printf(out, " (%s)", fault);
    }
}

static const char *what_became(const struct misnumber *item)
{
    const bool one = item->count == 1;
    if (item->kind == MISNUMBER_TEXT)
        return one ? "value is no number and stayed text" : "values are no numbers and stayed text";
    if (item->kind == MISNUMBER_AS_TEXT)
        return one ? "value is a number as text, and min and max compare it as text"
                   : "values are numbers as text, and min and max compare them as text";
    if (item->kind == MISNUMBER_HUGE)
        return one ? "number is too large to be added up, and what it belongs to is null"
                   : "numbers are too large to be added up, and what they belong to is null";
    if (item->kind == MISNUMBER_CART)
        return one ? "value is no number that a cart can have, and is as good as missing"
                   : "values are no numbers that a cart can have, and are as good as missing";
    return one ? "value is no number and in no sum or average"
               : "values are no numbers and in no sum or average";
}

void misnumber_texts(struct misnumbers *all, const struct schema *schema, const struct event *ev)
{
    for (uint64_t left = schema->number & schema->needed; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        if (ev->value[slot].kind == KIND_STRING)
            misnumber_note(all, MISNUMBER_TEXT, schema->name[slot], ev->value[slot]);
    }
}

void misnumber_tell(const struct misnumbers *all)
{
    for (int i = 0; i < all->count; i++) {
        const struct misnumber *const item = &all->item[i];
        const size_t len = item->example.len;
        struct buffer advice = {0};
        advise(all, item, &advice);
        message("%.*s: %" PRIu64 " %s, such as %.*s%s%.*s", (int)item->name.len, item->name.data,
                item->count, what_became(item), (int)(len < EXAMPLE_MAX ? len : EXAMPLE_MAX),
                item->example.data, len < EXAMPLE_MAX ? "" : "...", (int)advice.len,
                advice.len == 0 ? "" : advice.data);
        buffer_release(&advice);
    }
}

void misnumber_pack(const struct misnumbers *all, struct buffer *out)
{
    pack_u32(out, (uint32_t)all->count);
    for (int i = 0; i < all->count; i++) {
        pack_u8(out, (uint8_t)all->item[i].kind);
        pack_text(out, buffer_slice(&all->item[i].name));
        pack_u64(out, all->item[i].count);
        pack_text(out, buffer_slice(&all->item[i].example));
    }
}

bool misnumber_add(struct misnumbers *all, struct unpack *in)
{
    for (uint32_t left = unpack_u32(in); left > 0 && !in->broken; left--) {
        const enum misnumber_kind kind = unpack_u8(in);
        const struct slice name = unpack_text(in);
        const uint64_t count = unpack_u64(in);
        const struct slice example = unpack_text(in);
        struct misnumber *const item = in->broken ? NULL : item_of(all, kind, name);
        if (item != NULL) item_add(item, count, example);
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
}
