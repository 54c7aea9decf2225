#include "session/identity.h"

#include "base/die.h"
#include "base/json.h"
#include "base/list.h"

void identity_release(struct identity *identity)
{
    buffer_release(&identity->name);
    if (identity->noted != NULL) junk_release(&identity->junk);
}

void identity_watch(struct identity *identity, const struct schema *schema,
                    struct misnumbers *noted)
{
    junk_init(&identity->junk);
    identity->noted = noted;
    identity->id = schema->name[identity->slot[0]];
}

bool identity_init(struct identity *identity, struct schema *schema, const char *id,
                   struct buffer *why)
{
    *identity = (struct identity){0};
    if (*id == '\0')
        buffer_add_literal(why, "which member?");
    else if (!identity_add(identity, schema, slice_of(id)))
        buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    return identity->count == 1;
}

bool identity_add(struct identity *identity, struct schema *schema, struct slice member)
{
    const int slot = schema_need(schema, member);

    if (slot < 0) return false;
    schema_apart(schema, slot);
    for (int i = 1; i < identity->count; i++)
        if (identity->slot[i] == slot) return true;
    if (identity->count == SCHEMA_MAX) return false;
    identity->slot[identity->count++] = slot;
    return true;
}

void identity_add_all(struct identity *identity, struct schema *schema, const char *option,
                      const struct option_list *values)
{
    struct list members = {0};

    option_items(&members, option, values, LIST_NAMES);
    for (size_t i = 0; i < members.count; i++)
        if (!identity_add(identity, schema, members.item[i].name))
            die_usage("--%s: more than %d members are read", option, SCHEMA_MAX);
    list_release(&members);
}

struct slice identity_name(struct identity *identity, const struct event *ev)
{
    buffer_clear(&identity->name);
    for (int i = 0; i < identity->count; i++)
        name_add(&identity->name, event_value(ev, identity->slot[i]));
    return buffer_slice(&identity->name);
}

struct id identity_hint(struct identity *identity, struct event *ev)
{
    const struct value id = event_value(ev, identity->slot[0]);
    struct id bits = ID_NONE;

    if (id.kind == KIND_STRING && identity->count == 1)
        bits = timeline_id_string(value_slice(id));
    else if (id.kind != KIND_NULL)
        bits = timeline_id(identity_name(identity, ev));
    ev->hint[0] = bits.low;
    ev->hint[1] = bits.high;
    return bits;
}

/* All of them are in the row's key. */
static void member_describe(const struct identity *identity, int i, struct rows *rows,
                            const struct schema *schema)
{
    const int slot = identity->slot[i];
    rows_describe(rows, identity->member[i], column_of_member(slot),
                  i == 0 ? SLICE("who") : SLICE("the same in all events"));
    rows_key(rows, rows_find(rows, schema->name[slot]), true);
}

void identity_declare_id(struct identity *identity, struct rows *rows, const struct schema *schema)
{
    identity->member[0] = rows_member(rows, schema->name[identity->slot[0]]);
    member_describe(identity, 0, rows, schema);
}

void identity_declare_rest(struct identity *identity, struct rows *rows,
                           const struct schema *schema)
{
    for (int i = 1; i < identity->count; i++) {
        const struct slice name = schema->name[identity->slot[i]];
        identity->member[i] = rows_find(rows, name) >= 0 ? -1 : rows_member(rows, name);
        member_describe(identity, i, rows, schema);
    }
}

void identity_explain(const struct identity *identity, const struct schema *schema,
                      struct buffer *out)
{
    for (int i = 0; i < identity->count; i++) {
        if (i > 0) buffer_add_literal(out, ", ");
        buffer_add_literal(out, "one ");
        json_add_inside(out, schema->name[identity->slot[i]]);
    }
}
