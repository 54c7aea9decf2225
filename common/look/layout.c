#include "look/layout.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/object.h"

bool row_read(struct row *row, struct slice object)
{
    struct value name, value;
    row->count = 0;
    row->id = ID_NONE;
    row->finality = FINALITY_NONE;
    for (const char *at = object.text + 1; object_next(&at, &name, &value);) {
        if (slice_equal(value_slice(name), SLICE("final"))) {
            row->finality = value.kind == KIND_FALSE ? FINALITY_OPEN : FINALITY_CLOSED;
            continue;
        }
        if (row->count == ROW_MEMBERS_MAX) return false;
        row->name[row->count] = value_slice(name);
        row->value[row->count++] = value;
        row->id = id_mix(row->id, id_of(value_slice(name)));
    }
    return true;
}

static bool names_have(const struct list *names, struct slice name)
{
    for (size_t i = 0; i < names->count; i++)
        if (slice_equal(names->item[i].name, name)) return true;
    return false;
}

/* What a member of a window's row is, by its value in the first of them. Without a value, it is a
 * measure behind a number or where its name is one's, else of the group. */
static enum role role_in_window(const struct row_kind *kind, struct slice name, enum kind value,
                                bool numbers)
{
    if (slice_equal(name, SLICE("window_start"))) return ROLE_TIME;
    if (slice_equal(name, SLICE("window_end"))) return ROLE_END;
    if (kind_word(kind->group, name) || slice_equal(name, SLICE("partition"))) return ROLE_GROUP;
    if (kind_is_rate(kind, name)) return ROLE_LEFT_OUT;
    const bool is_number =
        value == KIND_NUMBER || (value == KIND_NULL && (numbers || !kind_adds_up(name)));
    if (is_number) return kind_adds_up(name) ? ROLE_MEASURE : ROLE_APART;
    return numbers ? ROLE_DETAIL : ROLE_GROUP;
}

/* Rates of a funnel: of the first step, or of the one before; the steps are in the row. */
static bool is_funnel_rate(const struct row_kind *kind, struct slice name)
{
    static const struct slice suffix = {.text = "_rate", .len = 5};
    return slice_equal(slice_of(kind->name), SLICE("funnel")) && name.len > suffix.len &&
           slice_equal((struct slice){name.text + name.len - suffix.len, suffix.len}, suffix);
}

/* The first member behind the window's bounds that is a number ends the group. */
static void roles_of_window(struct layout *layout, const struct row *row, const struct list *groups,
                            const struct list *apart)
{
    bool numbers = false;
    for (size_t i = 0; i < layout->count; i++) {
        const struct slice name = layout->name[i];
        enum role role = role_in_window(layout->kind, name, row->value[i].kind, numbers);
        if (names_have(groups, name)) role = ROLE_GROUP;
        if (role == ROLE_MEASURE && names_have(apart, name)) role = ROLE_APART;
        if (role == ROLE_APART && is_funnel_rate(layout->kind, name)) role = ROLE_LEFT_OUT;
        numbers |= role == ROLE_MEASURE || role == ROLE_APART;
        layout->role[i] = role;
    }
}

/* Of rows one by one the group is what an incident is of: behind the window, before the value. */
static void roles_of_rows(struct layout *layout, const struct row *row)
{
    bool bounds = false, numbers = false;
    for (size_t i = 0; i < layout->count; i++) {
        const struct slice name = layout->name[i];
        const bool bound =
            slice_equal(name, SLICE("window_start")) || slice_equal(name, SLICE("window_end"));
        numbers |= row->value[i].kind == KIND_NUMBER;
        layout->role[i] = bounds && !bound && !numbers ? ROLE_GROUP : ROLE_DETAIL;
        bounds |= bound;
    }
}

bool layout_make(struct layout *layout, const struct row *row, const struct list *groups,
                 const struct list *apart)
{
    const struct row_kind *const kind = kind_find(row->name, row->count);
    if (kind == NULL) return false;
    *layout = (struct layout){.id = row->id, .kind = kind, .count = row->count};
    for (size_t i = 0; i < row->count; i++) {
        const struct slice name = row->name[i];
        layout->name[i] = (struct slice){.text = memory_text(name.text, name.len), .len = name.len};
        if (kind->time != NULL && slice_equal(name, slice_of(kind->time))) layout->time = i;
    }
    if (kind->store == STORE_WINDOWS)
        roles_of_window(layout, row, groups, apart);
    else
        roles_of_rows(layout, row);
    return true;
}

void layout_release(struct layout *layout)
{
    for (size_t i = 0; i < layout->count; i++)
        free((char *)layout->name[i].text);
    layout->count = 0;
}

size_t layout_count(const struct layout *layout, enum role role)
{
    size_t count = 0;
    for (size_t i = 0; i < layout->count; i++)
        count += layout->role[i] == role;
    return count;
}

void layout_names(const struct layout *layout, enum role role, struct buffer *out)
{
    bool first = true;
    buffer_add_char(out, '[');
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != role) continue;
        if (!first) buffer_add_char(out, ',');
        first = false;
        buffer_add_char(out, '"');
        json_add_inside(out, layout->name[i]); /* as it stood in the row */
        buffer_add_char(out, '"');
    }
    buffer_add_char(out, ']');
}
