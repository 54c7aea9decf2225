#include "event/witness.h"

#include "base/instant.h"
#include "base/number.h"
#include "base/object.h"
#include "base/zone.h"

#define NAME_BYTES_MAX 64
#define LINE_BYTES_MAX ((size_t)64 << 10) /* longer lines are not taken names from */
#define DEPTH_MAX 3
/* All lines of so many events are looked through, and then those of one in so many batches. */
#define READ_ALL 8192
#define BATCH 64
#define READ_SOME 256

/* Names are taken of the first events, and then whenever this part more has been looked at. */
#define SPARSE 8

/* Is an earlier name read as the same one? */
static bool may_have_twin(const struct schema *schema, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (slice_equal(schema->alias[i].name, schema->alias[number].name)) return true;
    return false;
}

void witness_begin(struct witness *witness, const struct schema *schema, uint64_t slots)
{
    *witness = (struct witness){.schema = schema, .slots = slots};
    for (size_t i = 0; i < schema->watch_count; i++) {
        const struct schema_watch *const watch = &schema->watch[i];
        const bool aside = watch->nested || schema_renames(schema, watch->name);
        const int slot = aside ? -1 : schema_find(schema, watch->name);
        if (slot < 0 || !schema_needs(schema, slot)) witness->watched |= UINT64_C(1) << i;
    }
    for (size_t i = 0; i < schema->alias_count && i < 64; i++)
        if (!schema_renames(schema, schema->alias[i].name) || may_have_twin(schema, i))
            witness->rivals |= UINT64_C(1) << i;
    vocabulary_begin(&witness->vocabulary, schema);
}

void witness_release(struct witness *witness)
{
    arena_release(&witness->text);
    witness->names = 0;
    vocabulary_release(&witness->vocabulary);
}

/* Numbers below are no times after 2001 in any unit. */
#define EPOCH_LEAST INT64_C(1000000000)

static bool could_be_time(struct value value)
{
    static struct zone utc = {.from = INT64_MIN, .until = INT64_MAX};
    static const struct instant_format any = {.zone = &utc};
    int64_t time_us, number;
    if (value.kind != KIND_NUMBER && value.kind != KIND_STRING) return false;
    if (number_valid(value_slice(value)) &&
        (!number_floor(value_slice(value), 0, &number) || number < EPOCH_LEAST))
        return false;
    return instant_parse(value, &any, &time_us);
}

const struct witness_name *witness_find(const struct witness *witness, struct slice name)
{
    for (size_t i = 0; i < witness->names; i++)
        if (slice_equal(witness->name[i].name, name)) return &witness->name[i];
    return NULL;
}

static struct slice kept(struct witness *witness, struct slice text)
{
    char *const copy = arena_take(&witness->text, text.len);
    memcpy(copy, text.text, text.len);
    return (struct slice){.text = copy, .len = text.len};
}

/* path: empty for a member of the event itself. */
static void name_add(struct witness *witness, struct slice name, struct slice path, bool time)
{
    if (name.len == 0 || name.len > NAME_BYTES_MAX) return;
    for (size_t i = 0; i < witness->names; i++) {
        if (!slice_equal(witness->name[i].name, name)) continue;
        witness->name[i].time = witness->name[i].time || time;
        if (path.len == 0) witness->name[i].path.len = 0;
        return;
    }
    if (witness->names == WITNESS_NAMES_MAX) return;
    witness->name[witness->names++] = (struct witness_name){
        .name = kept(witness, name),
        .path = path.len == 0 ? path : kept(witness, path),
        .time = time,
    };
}

/* What stands before the names in an object that is inside of others, as .context.device. */
struct way {
    char text[(NAME_BYTES_MAX + 1) * DEPTH_MAX];
    size_t len;
};

/* Where it leads to with that name behind it. */
static struct way way_into(const struct way *way, struct slice name)
{
    struct way into = *way;
    into.text[into.len++] = '.';
    memcpy(into.text + into.len, name.text, name.len);
    into.len += name.len;
    return into;
}

static void member_take(struct witness *witness, struct slice name, struct value value,
                        const struct way *way)
{
    if (name.len > NAME_BYTES_MAX) return;
    if (way->len == 0) {
        name_add(witness, name, (struct slice){.text = "", .len = 0}, could_be_time(value));
        return;
    }
    const struct way path = way_into(way, name);
    name_add(witness, name, (struct slice){.text = path.text, .len = path.len}, false);
}

/* The names of an object's members, those of objects in it behind them. */
static void names_take(struct witness *witness, struct slice object, const struct way *way,
                       int depth)
{
    struct value name, value;
    const char *at = object.text + 1;
    while (object_next(&at, &name, &value))
        if (!name.escaped) member_take(witness, value_slice(name), value, way);
    if (depth + 1 == DEPTH_MAX) return;
    at = object.text + 1;
    while (object_next(&at, &name, &value)) {
        if (value.kind != KIND_OBJECT || name.len > NAME_BYTES_MAX) continue;
        const struct way into = way_into(way, value_slice(name));
        names_take(witness, value_slice(value), &into, depth + 1);
    }
}

static void line_take(struct witness *witness, struct slice line)
{
    const char *const brace = line.len == 0 ? NULL : memchr(line.text, '{', line.len);
    if (brace == NULL || line.len > LINE_BYTES_MAX) return;
    const size_t len = line.len - (size_t)(brace - line.text);
    const struct way way = {.len = 0};
    names_take(witness, (struct slice){.text = brace, .len = len}, &way, 0);
}

/* Does the name stand in the line behind a quote, as the whole of what is between two? A text of
 * JSON inside of a string has a backslash before its quotes. */
static bool stands_in(struct slice line, struct slice name)
{
    const char *const end = line.text + line.len;
    for (const char *at = line.text; at < end; at++) {
        at = memmem(at, (size_t)(end - at), name.text, name.len);
        if (at == NULL || at + name.len == end) return false;
        const char behind = at[name.len];
        if (at > line.text && at[-1] == '"' && (behind == '"' || behind == '\\')) return true;
    }
    return false;
}

static bool slot_met(int slot, struct event *const *events, const enum reason *reasons,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i]->value[slot].kind == KIND_NULL) continue;
        if (reasons[i] == REASON_NONE && events[i]->line.len != 0) return true;
    }
    return false;
}

/* Has the line, an object, a member of that name, itself? */
static bool has_member(struct slice line, struct slice wanted)
{
    struct value name, value;
    const char *at = (const char *)memchr(line.text, '{', line.len) + 1;
    while (object_next(&at, &name, &value))
        if (slice_equal(value_slice(name), wanted)) return true;
    return false;
}

/* own: inside of another member it is of no use. */
static bool watched_met(struct slice name, bool own, struct event *const *events,
                        const enum reason *reasons, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (reasons[i] == REASON_NONE && events[i]->line.len != 0 &&
            stands_in(events[i]->line, name) && (!own || has_member(events[i]->line, name)))
            return true;
    return false;
}

/* What becomes of a line's, an object's, members of two names that are read as one. */
enum pair {
    PAIR_NONE,   /* it has not both, or no value for either */
    PAIR_BESIDE, /* the last one counts, and no other has a value */
    PAIR_LOST    /* one that has a value does not count */
};

static enum pair pair_of(struct slice line, struct slice a, struct slice b)
{
    struct value name, value;
    bool has_a = false, has_b = false, filled = false, lost = false;
    if (!stands_in(line, a) || !stands_in(line, b)) return PAIR_NONE;
    const char *at = (const char *)memchr(line.text, '{', line.len) + 1;
    while (object_next(&at, &name, &value)) {
        const bool is_a = slice_equal(value_slice(name), a);
        const bool is_b = slice_equal(value_slice(name), b);
        if (!is_a && !is_b) continue;
        has_a = has_a || is_a;
        has_b = has_b || is_b;
        lost = lost || filled;
        filled = value.kind != KIND_NULL;
    }
    if (!has_a || !has_b || (!filled && !lost)) return PAIR_NONE;
    return lost ? PAIR_LOST : PAIR_BESIDE;
}

/* Stands one of that alias in the line beside an earlier one of the same new name, and is a value
 * lost so? Where it is not, the names are those of one member in different events. */
static bool has_twin(const struct schema *schema, size_t number, struct slice line)
{
    const struct schema_alias *const alias = &schema->alias[number];
    for (size_t i = 0; i < number; i++)
        if (slice_equal(schema->alias[i].name, alias->name) &&
            pair_of(line, schema->alias[i].old, alias->old) == PAIR_LOST)
            return true;
    return false;
}

/* Like the lines of names that are looked for. */
static void rivals_look(struct witness *witness, struct event *const *events,
                        const enum reason *reasons, size_t count)
{
    const uint64_t before = witness->paired;
    witness->paired += count;
    if (before >= READ_ALL && before / BATCH % READ_SOME != 0) return;
    for (size_t i = 0; i < count; i++) {
        if (reasons[i] != REASON_NONE || events[i]->line.len == 0) continue;
        for (uint64_t left = witness->rivals; left != 0; left &= left - 1) {
            const uint64_t bit = left & -left;
            const size_t number = (size_t)__builtin_ctzll(left);
            const struct schema_alias *const alias = &witness->schema->alias[number];
            const struct slice line = events[i]->line;
            if (has_twin(witness->schema, number, line))
                witness->twins |= bit;
            else if (!schema_renames(witness->schema, alias->name) &&
                     pair_of(line, alias->name, alias->old) != PAIR_NONE)
                witness->beside |= bit;
            else
                continue;
            witness->rivals &= ~bit;
        }
    }
}

/* Is it the turn of the next event looked at? */
static bool turn_take(struct witness *witness)
{
    if (witness->looked++ < witness->next) return false;
    witness->next = witness->looked + witness->looked / SPARSE;
    return true;
}

void witness_look(struct witness *witness, struct event *const *events, const enum reason *reasons,
                  size_t count)
{
    if (vocabulary_open(&witness->vocabulary))
        vocabulary_look(&witness->vocabulary, events, reasons, count);
    if (witness->rivals != 0) rivals_look(witness, events, reasons, count);
    if (!witness_wants_names(witness)) return;
    for (uint64_t left = witness->slots; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        if (slot_met(slot, events, reasons, count)) witness->slots &= ~(left & -left);
    }
    const bool reads = witness->looked < READ_ALL || witness->looked / BATCH % READ_SOME == 0;
    if (reads && witness->watched != 0) witness->read += count;
    for (uint64_t left = reads ? witness->watched : 0; left != 0; left &= left - 1) {
        const struct slice name = witness->schema->watch[__builtin_ctzll(left)].name;
        const bool own = schema_renames(witness->schema, name);
        if (watched_met(name, own, events, reasons, count)) witness->watched &= ~(left & -left);
    }
    if (!witness_wants_names(witness)) return;
    if (witness->looked + count <= witness->next) {
        witness->looked += count;
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (turn_take(witness) && reasons[i] == REASON_NONE) line_take(witness, events[i]->line);
}

void witness_refused(struct witness *witness, struct slice line)
{
    if (turn_take(witness)) line_take(witness, line);
}

struct witness_place witness_place(const struct witness *witness)
{
    return (struct witness_place){
        .slots = witness->slots,
        .watched = witness->watched,
        .looked = witness->looked,
        .read = witness->read,
        .next = witness->next,
        .rivals = witness->rivals,
        .beside = witness->beside,
        .twins = witness->twins,
        .paired = witness->paired,
        .names = witness->names,
        .vocabulary = vocabulary_place(&witness->vocabulary),
    };
}

void witness_return(struct witness *witness, const struct witness_place *place)
{
    witness->slots = place->slots;
    witness->watched = place->watched;
    witness->looked = place->looked;
    witness->read = place->read;
    witness->next = place->next;
    witness->rivals = place->rivals;
    witness->beside = place->beside;
    witness->twins = place->twins;
    witness->paired = place->paired;
    witness->names = place->names;
    vocabulary_return(&witness->vocabulary, &place->vocabulary);
}

void witness_pack(const struct witness *witness, struct buffer *out)
{
    pack_u64(out, witness->slots);
    pack_u64(out, witness->watched);
    pack_u64(out, witness->read);
    pack_u64(out, witness->beside);
    pack_u64(out, witness->twins);
    pack_u32(out, (uint32_t)witness->names);
    for (size_t i = 0; i < witness->names; i++) {
        pack_text(out, witness->name[i].name);
        pack_text(out, witness->name[i].path);
        pack_u8(out, witness->name[i].time);
    }
    vocabulary_pack(&witness->vocabulary, out);
}

void witness_add(struct witness *witness, struct unpack *in)
{
    witness->slots &= unpack_u64(in);
    witness->watched &= unpack_u64(in);
    witness->read += unpack_u64(in);
    witness->beside |= unpack_u64(in);
    witness->twins |= unpack_u64(in);
    witness->rivals &= ~(witness->beside | witness->twins);
    const uint32_t names = unpack_u32(in);
    for (uint32_t i = 0; i < names && !in->broken; i++) {
        const struct slice name = unpack_text(in);
        const struct slice path = unpack_text(in);
        name_add(witness, name, path, unpack_u8(in) != 0);
    }
    vocabulary_add(&witness->vocabulary, in);
}
