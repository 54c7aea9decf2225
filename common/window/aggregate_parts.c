/* --by-partition and --merge: rows that are parts of a whole, printed and read. */
#include <stdlib.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/object.h"
#include "window/aggregate_inside.h"

/* Is it null in a row that is a part, be there no number or one that is too large? */
static bool may_be_either(const struct aggregate_function *function)
{
    return function->values == VALUES_NUMBERS && function->part_read != NULL;
}

bool aggregates_may_be_too_large(const struct aggregates *all)
{
    for (int i = 0; i < all->count; i++)
        if (may_be_either(all->item[i].function)) return true;
    return false;
}

bool aggregates_have_partials(const struct aggregates *all)
{
    for (int i = 0; i < all->count; i++)
        if (all->item[i].function->partial) return true;
    return false;
}

static bool slots_take(struct aggregates *all, struct schema *schema)
{
    for (int i = 0; i < all->count; i++) {
        struct aggregate *item = &all->item[i];
        if (item->function->cell_bytes == 0) continue;
        item->row_slot = schema_need(schema, slice_of(item->name));
        if (item->row_slot < 0) return false;
    }
    if (aggregates_may_be_too_large(all))
        all->too_large_slot = schema_need(schema, SLICE("too_large"));
    if (!aggregates_have_partials(all)) return true;
    all->partials_slot = schema_need(schema, SLICE("partials"));
    return all->partials_slot >= 0;
}

bool aggregates_parts(const struct aggregates *all, struct buffer *why)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate_function *function = all->item[i].function;
        if (function->cell_bytes == 0 || function->part_read != NULL || function->partial) continue;
        buffer_printf(why, "'%s': %s cannot be added up from parts", all->item[i].text,
                      function->name);
        return false;
    }
    return true;
}

bool aggregates_rows(struct aggregates *all, struct schema *schema, struct buffer *why)
{
    if (!aggregates_parts(all, why)) return false;
    const bool fit = slots_take(all, schema);
    if (!fit) buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    return fit;
}

/* Is it among those that the row names as too large? Names need no escapes. */
static bool row_too_large(const struct aggregates *all, const struct aggregate *item,
                          const struct event *ev)
{
    if (all->too_large_slot < 0) return false;
    const struct value names = event_value(ev, all->too_large_slot);
    struct buffer name = {0};
    if (names.kind != KIND_ARRAY) return false;
    json_add_string(&name, slice_of(item->name));
    const bool found = memmem(names.text, names.len, name.data, name.len) != NULL;
    buffer_release(&name);
    return found;
}

/* Adds what the row has saved of it to the cell. False: it has nothing, or what makes no sense. */
static bool partial_read(const struct aggregates *all, const struct aggregate *item, void *cell,
                         struct buffer *text, const struct event *ev)
{
    const struct value object = event_value(ev, all->partials_slot);
    struct buffer name = {0}, bytes = {0};
    bool good = false;
    if (object.kind == KIND_OBJECT) {
        const struct value partial = object_find(value_slice(object), slice_of(item->name), &name);
        good = partial.kind == KIND_STRING && base64_read(&bytes, value_slice(partial));
    }
    if (good) {
        struct unpack in = {.at = bytes.data, .end = bytes.data + bytes.len};
        item->function->load(item, cell, text, &in);
        good = !in.broken && in.at == in.end;
    }
    buffer_release(&name);
    buffer_release(&bytes);
    return good;
}

static bool partial_valid(const struct aggregates *all, const struct aggregate *item,
                          const struct event *ev)
{
    struct buffer text = {0};
    void *cell = memory_zero(1, item->function->cell_bytes);
    const bool good = partial_read(all, item, cell, &text, ev);
    buffer_release(&text);
    free(cell);
    return good;
}

bool aggregates_row_valid(const struct aggregates *all, const struct event *ev)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (item->row_slot < 0) continue;
        const struct value value = event_written(ev, item->row_slot);
        if (value.text == NULL) return false; /* a row has every member */
        if (item->function->partial ? !partial_valid(all, item, ev)
                                    : !item->function->part_valid(value))
            return false;
    }
    return true;
}

void aggregates_row(const struct aggregates *all, char *cells, struct buffer *text,
                    const struct event *ev)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (item->row_slot < 0) continue;
        const struct aggregate_function *function = item->function;
        if (function->partial) {
            memset(cells + item->cell, 0, function->cell_bytes);
            (void)partial_read(all, item, cells + item->cell, text, ev);
            continue;
        }
        const bool too_large = may_be_either(function) && row_too_large(all, item, ev);
        function->part_read(item, cells + item->cell, text, event_written(ev, item->row_slot),
                            too_large);
    }
}

void aggregates_print_too_large(const struct aggregates *all, const char *cells, struct rows *rows,
                                int member)
{
    struct buffer *list = NULL;
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (!may_be_either(item->function)) continue;
        if (aggregates_size(all, i, cells, NULL) != SIZE_LOST) continue;
        if (list == NULL) list = rows_list(rows, member);
        rows_list_text(list, slice_of(item->name));
    }
    if (list != NULL) rows_list_end(list);
}

void aggregates_print_partials(const struct aggregates *all, const char *cells,
                               const struct buffer *text, struct rows *rows, int member)
{
    struct buffer *out = rows_place(rows, member, KIND_OBJECT);
    struct buffer saved = {0};
    char before = '{';
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (!item->function->partial) continue;
        buffer_clear(&saved);
        item->function->save(item, cells + item->cell, text, &saved);
        buffer_add_char(out, before);
        json_add_string(out, slice_of(item->name));
        buffer_add_literal(out, ":\"");
        base64_add(out, buffer_slice(&saved));
        buffer_add_char(out, '"');
        before = ',';
    }
    buffer_add_char(out, '}');
    buffer_release(&saved);
}
