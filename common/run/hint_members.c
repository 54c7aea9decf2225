/* What is said of members that somebody has named, and no event had. */
#include "base/nearest.h"
#include "run/common_options.h"
#include "run/hint.h"
#include "run/hint_inside.h"

/* So many members are told of, and so many names of others. */
#define MEMBERS_TOLD 8
#define OTHERS_TOLD 12

static bool is_canonical(const struct schema *schema, struct slice name)
{
    const int slot = schema_find(schema, name);
    return slot >= 0 && slot < SLOT_CANONICAL;
}

/* Is the name one that the input's members get only by --rename? */
static bool is_renamed(const struct schema *schema, struct slice name)
{
    for (size_t i = 0; i < schema->alias_count; i++)
        if (slice_equal(schema->alias[i].name, name)) return true;
    return false;
}

/* What an event is, and whose: without these there is little to say of any, but that it is passed
 * on. Others may be missing, if nobody has said otherwise. */
static bool is_expected(const struct schema *schema, int slot)
{
    if (slot == SLOT_EVENT_TYPE || slot == SLOT_SESSION_ID)
        return (schema->asked >> slot & 1) != 0 && !schema->all;
    return slot >= 0 && schema->expected[slot] != NULL;
}

uint64_t hint_slots(const struct schema *schema)
{
    uint64_t slots = options->dedup_us != 0 ? UINT64_C(1) << SLOT_EVENT_ID & ~schema->made : 0;
    for (int slot = 0; slot < schema->count; slot++) {
        if (!schema_needs(schema, slot) || is_renamed(schema, schema->name[slot])) continue;
        if (schema_renames(schema, schema->name[slot])) continue;
        if ((schema->made >> slot & 1) != 0) continue;
        const struct schema_watch *const watch = schema_watched(schema, schema->name[slot]);
        if (is_expected(schema, slot)) {
            slots |= UINT64_C(1) << slot;
            continue;
        }
        const struct option_mention mention = option_mentions(schema->name[slot]);
        if (mention.option == NULL || (watch != NULL && watch->nested && !mention.bare)) continue;
        /* Members of an event may be missing; what a view that is not one's own names, is right. */
        if (slot < SLOT_CANONICAL && !mention.here) continue;
        slots |= UINT64_C(1) << slot;
    }
    return slots;
}

struct nearest hint_meant(const struct loop *l, struct slice wanted, bool time)
{
    const struct witness *const witness = &l->admission.witness;
    const bool canonical = is_canonical(&l->run.schema, wanted);
    struct nearest nearest;
    nearest_begin(&nearest, wanted);
    for (size_t i = 0; i < witness->names; i++) {
        const struct slice name = witness->name[i].name;
        if (slice_equal(name, wanted) || (time && !witness->name[i].time)) continue;
        if (!canonical || !is_canonical(&l->run.schema, name)) nearest_offer(&nearest, name);
    }
    return nearest;
}

void hint_others_add(const struct witness *witness, struct slice wanted, struct buffer *out)
{
    size_t told = 0;
    for (size_t i = 0; i < witness->names; i++) {
        const struct slice name = witness->name[i].name;
        if (slice_equal(name, wanted)) continue;
        if (told == OTHERS_TOLD) {
            buffer_add_literal(out, ", ...");
            return;
        }
        buffer_printf(out, "%s%.*s", told++ == 0 ? "; they have " : ", ", (int)name.len, name.text);
    }
}

/* May it stand in a program, and between the quotes of a shell? */
static bool is_path(struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        const char c = path.text[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool digit = c >= '0' && c <= '9' && i > 0 && path.text[i - 1] != '.';
        const bool point = c == '.' && i + 1 < path.len && path.text[i + 1] != '.';
        if (!letter && !digit && !point) return false;
    }
    return true;
}

bool hint_inside_add(const struct loop *l, struct buffer *out, struct slice wanted,
                     struct slice name, const char *what)
{
    const struct witness_name *const found = witness_find(&l->admission.witness, name);
    if (found == NULL || found->path.len == 0) return false;
    buffer_add(out, what, strlen(what));
    if (is_path(wanted) && is_path(found->path))
        buffer_printf(out, ": %s--map='.%.*s = %.*s'", hint_is_parser(l) ? "" : "cs-parse ",
                      (int)wanted.len, wanted.text, (int)found->path.len, found->path.text);
    buffer_add_char(out, ')');
    return true;
}

void hint_rename_add(const struct loop *l, struct buffer *out, struct slice wanted,
                     struct slice name)
{
    if (hint_inside_add(l, out, wanted, name, " (inside of another member")) return;
    if (!hint_is_plain(name)) return;
    buffer_printf(out, " (%s--rename=%.*s=%.*s)", hint_is_parser(l) ? "" : "cs-parse ",
                  (int)wanted.len, wanted.text, (int)name.len, name.text);
}

/* True: it was told. */
static bool member_tell(struct loop *l, struct slice wanted, bool tolerant, uint64_t events)
{
    const struct option_mention mention = option_mentions(wanted);
    const struct nearest nearest = hint_meant(l, wanted, false);
    const bool near = nearest.name.text != NULL;
    const struct witness_name *const same = witness_find(&l->admission.witness, wanted);
    const bool inside = same != NULL && same->path.len != 0;
    const int slot = schema_find(&l->run.schema, wanted);
    if (mention.option == NULL && !is_expected(&l->run.schema, slot)) return false;
    const char *const option =
        mention.option != NULL || slot < 0 ? mention.option : l->run.schema.expected[slot];
    /* A short run may miss what others have had; and whoever asks whether a member is there knows
     * that it may not be. */
    if (!near && ((l->run.settings.has_state && !inside) || (tolerant && !mention.bare)))
        return false;
    if (near && tolerant && !mention.bare && nearest.apart > 1) return false;
    struct buffer text = {0};
    if (option != NULL) buffer_printf(&text, "--%s: ", option);
    hint_none_add(&text, events, "a", "value for ");
    buffer_add_slice(&text, wanted);
    if (hint_inside_add(l, &text, wanted, wanted, " (there is one inside of another member")) {
        hint_tell(&text);
        return true;
    }
    if (near)
        buffer_printf(&text, "; did you mean %.*s?", (int)nearest.name.len, nearest.name.text);
    else
        hint_others_add(&l->admission.witness, wanted, &text);
    const bool helps = slot >= 0 && l->run.schema.expected[slot] != NULL && hint_is_parser(l);
    if (near && (helps || is_canonical(&l->run.schema, wanted)))
        hint_rename_add(l, &text, wanted, nearest.name);
    hint_tell(&text);
    return true;
}

/* Does another old name stand for the same new one, so that one of them may be missing? */
static bool is_renamed_twice(const struct schema *schema, struct slice old)
{
    const struct schema_alias *of = NULL;
    for (size_t i = 0; i < schema->alias_count; i++)
        if (slice_equal(schema->alias[i].old, old)) of = &schema->alias[i];
    for (size_t i = 0; of != NULL && i < schema->alias_count; i++)
        if (&schema->alias[i] != of && slice_equal(schema->alias[i].name, of->name)) return true;
    return false;
}

/* Other options know a member by the name that --rename has given it, and by no other. Where one of
 * them has the old name nothing comes of it. */
static void old_names_tell(const struct schema *schema)
{
    for (int slot = 0; slot < schema->count; slot++) {
        const struct slice name = schema->name[slot], new = schema_renamed(schema, name);
        if (new.text == NULL || slice_equal(new, name) || is_renamed(schema, name)) continue;
        if (!schema_needs(schema, slot) || (schema->made >> slot & 1) != 0) continue;
        const struct option_mention mention = option_mentions_but(name, "rename");
        const char *const option = mention.option != NULL ? mention.option : schema->expected[slot];
        struct buffer text = {0};
        if (option == NULL) continue;
        buffer_printf(&text, "--%s: no event has %.*s, which --rename reads as %.*s", option,
                      (int)name.len, name.text, (int)new.len, new.text);
        hint_tell(&text);
    }
}

void hint_members(struct loop *l, uint64_t events, struct slice told)
{
    const struct witness *const witness = &l->admission.witness;
    const struct schema *const schema = &l->run.schema;
    int left = MEMBERS_TOLD;
    old_names_tell(schema);
    for (uint64_t slots = witness->slots; slots != 0 && left > 0; slots &= slots - 1) {
        const struct slice name = schema->name[__builtin_ctzll(slots)];
        const struct schema_watch *const watch = schema_watched(schema, name);
        const bool by_dedup = options->dedup_us != 0 && slice_equal(name, SLICE("event_id"));
        if (slice_equal(name, told) || by_dedup) continue;
        left -= member_tell(l, name, watch != NULL && watch->tolerant, events);
    }
    for (uint64_t watched = witness->watched; watched != 0 && left > 0; watched &= watched - 1) {
        const struct schema_watch *const watch = &schema->watch[__builtin_ctzll(watched)];
        const bool inside = watch->nested && left < MEMBERS_TOLD; /* of what was told, perhaps */
        if (slice_equal(watch->name, told) || is_renamed_twice(schema, watch->name)) continue;
        left -= member_tell(l, watch->name, watch->tolerant || inside,
                            witness->read < events ? witness->read : events);
    }
}

/* The first name that is read as the same one as this. */
static struct slice first_twin(const struct schema *schema, struct slice name)
{
    size_t i = 0;
    while (!slice_equal(schema->alias[i].name, name))
        i++;
    return schema->alias[i].old;
}

static void twins_tell(const struct schema *schema, const struct schema_alias *alias)
{
    const struct slice name = alias->name, old = alias->old, first = first_twin(schema, name);
    struct buffer text = {0};
    buffer_printf(&text,
                  "--rename: there are events with %.*s beside %.*s, which are both read as %.*s: "
                  "of the two the one that stands last counts, null or not",
                  (int)first.len, first.text, (int)old.len, old.text, (int)name.len, name.text);
    if (is_path(name) && is_path(first) && is_path(old) && !option_given("map"))
        buffer_printf(&text, " (--map='.%.*s = (.%.*s // .%.*s)' takes the first that is not null)",
                      (int)name.len, name.text, (int)first.len, first.text, (int)old.len, old.text);
    hint_tell(&text);
}

void hint_beside(const struct loop *l)
{
    const struct schema *const schema = &l->run.schema;
    for (uint64_t left = l->admission.witness.twins; left != 0; left &= left - 1)
        twins_tell(schema, &schema->alias[__builtin_ctzll(left)]);
    for (uint64_t left = l->admission.witness.beside; left != 0; left &= left - 1) {
        const struct schema_alias *const alias = &schema->alias[__builtin_ctzll(left)];
        const struct slice name = alias->name, old = alias->old;
        struct buffer text = {0};
        buffer_printf(
            &text,
            "--rename: there are events with %.*s beside %.*s, which is read as %.*s: of the "
            "two the one that stands last counts",
            (int)name.len, name.text, (int)old.len, old.text, (int)name.len, name.text);
        if (hint_is_plain(name))
            buffer_printf(&text, " (--rename=other_%.*s=%.*s puts the other one aside)",
                          (int)name.len, name.text, (int)name.len, name.text);
        hint_tell(&text);
    }
}
