#include "session/field.h"

#include <string.h>

#include "base/sum.h"

/* --- kinds --- */

const struct field_kind field_first = {.keeps = KEEPS_FIRST, .prints = PRINTS_TEXT};
const struct field_kind field_last = {.keeps = KEEPS_LAST, .prints = PRINTS_TEXT};
const struct field_kind field_count = {.keeps = KEEPS_COUNT, .prints = PRINTS_COUNT};
const struct field_kind field_any = {.keeps = KEEPS_COUNT, .prints = PRINTS_ANY};
const struct field_kind field_sum = {.keeps = KEEPS_SUM, .prints = PRINTS_SUM};
const struct field_kind field_events = {.prints = PRINTS_EVENTS};
const struct field_kind field_start = {.prints = PRINTS_START};
const struct field_kind field_end = {.prints = PRINTS_END};
const struct field_kind field_seconds = {.prints = PRINTS_SECONDS};
const struct field_kind field_list = {.keeps = KEEPS_LIST, .prints = PRINTS_LIST};
const struct field_kind field_split = {.keeps = KEEPS_SPLIT, .prints = PRINTS_SPLIT};
const struct field_kind field_account = {.keeps = KEEPS_ACCOUNT, .prints = PRINTS_ACCOUNT};
const struct field_kind field_account_extra = {.keeps = KEEPS_ACCOUNT,
                                               .prints = PRINTS_ACCOUNT_EXTRA};
const struct field_kind field_list_cut = {.keeps = KEEPS_LIST, .prints = PRINTS_LIST_CUT};

/* By time, then bytes. */
static void print_list(struct rows *rows, int member, const struct overview *overview)
{
    struct products products =
        products_walk(overview->products, overview->products_kept, overview->start_us);
    struct buffer *list = rows_list(rows, member);

    for (; products.left > 0; products_next(&products))
        rows_list_text(list, products.text);
    rows_list_end(list);
}

/* Its text says the kind, too. */
static void print_split(struct rows *rows, int member, const struct overview *overview, int place)
{
    struct slice text = overview->attributes.of[place].text;

    if ((overview->present >> place & 1) != 0)
        rows_value(rows, member, name_value(&text));
    else
        rows_null(rows, member);
}

static void print_sum(struct rows *rows, int member, const char *at)
{
    struct sum sum;
    decimal total;

    sum_read(&sum, at);
    if (sum.count > 0 && sum_get(&sum, &total))
        rows_decimal(rows, member, total);
    else
        rows_null(rows, member);
}

/* --- those of a command --- */

/* The place of an attribute of that member, made if there is none. -1: there are too many. The last
 * ones come first, so they have to be made first. */
static int attribute_place(struct kept *kept, int slot, bool is_last)
{
    const int from = is_last ? 0 : kept->lasts;
    const int to = is_last ? kept->lasts : kept->attributes;

    for (int i = from; i < to; i++)
        if (kept->slot[i] == slot) return i;
    if (kept->attributes == ATTRIBUTES_MAX) return -1;
    kept->slot[kept->attributes] = slot;
    kept->lasts += is_last;
    if (!is_last) kept->first_bits |= 1u << kept->attributes;
    return kept->attributes++;
}

/* The place of the sum of that member, made if there is none. -1: there are too many. */
static int sum_place(struct kept *kept, int slot)
{
    for (int i = 0; i < kept->sums; i++)
        if (kept->sum_slot[i] == slot) return i;
    if (kept->sums == SUMS_MAX) return -1;
    kept->sum_slot[kept->sums] = slot;
    return kept->sums++;
}

/* That of the track, made if there is none. -1: it is of another member. */
static int track_place(struct fields *fields, int slot)
{
    struct kept *kept = &fields->kept;
    const int view = actions_add(&fields->actions, SLICE("page_view"));

    if (view < 0 || (kept->has_track && kept->track_slot != slot)) return -1;
    kept->actions = fields->actions.count;
    kept->has_track = true;
    kept->track_slot = slot;
    kept->view_action = (unsigned)view;
    return 0;
}

/* Where a field finds what is kept for it; -1: there is no room. */
static int place_make(struct fields *fields, const struct field *field, struct schema *schema)
{
    struct kept *kept = &fields->kept;
    const enum field_keeps keeps = field->kind->keeps;

    if (keeps == KEEPS_NOTHING) return 0;
    if (keeps == KEEPS_COUNT) {
        const int action = actions_add(&fields->actions, slice_of(field->of));
        kept->actions = fields->actions.count;
        return action;
    }
    if (keeps == KEEPS_ACCOUNT)
        return field->kind == &field_account ? fields->accounts++ : fields->accounts - 1;
    if (keeps == KEEPS_SPLIT) return attribute_place(kept, SCHEMA_MAX + fields->splits++, false);
    const int slot = schema_need(schema, slice_of(field->of));
    if (slot < 0) return -1;
    if (keeps == KEEPS_SUM) return sum_place(kept, slot);
    if (keeps == KEEPS_TRACK) return track_place(fields, slot);
    if (keeps != KEEPS_LIST) return attribute_place(kept, slot, keeps == KEEPS_LAST);
    if (kept->list_slot >= 0 && kept->list_slot != slot) return -1;
    kept->list_slot = slot;
    return 0;
}

static bool places_make(struct fields *fields, struct schema *schema)
{
    const struct field *field = fields->field;
    bool good = fields->count <= FIELDS_MAX;

    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < fields->count && good; i++) {
            if ((pass == 0) != (field[i].kind->keeps == KEEPS_LAST)) continue;
            fields->place[i] = place_make(fields, &field[i], schema);
            good = fields->place[i] >= 0;
        }
    return good;
}

/* Is it a member of events as it came? Then it can be the id as well. */
static bool is_as_it_came(const struct field *field)
{
    const enum field_keeps keeps = field->kind->keeps;

    return (keeps == KEEPS_FIRST || keeps == KEEPS_LAST || keeps == KEEPS_SPLIT) &&
           strcmp(field->name, field->of) == 0;
}

/* What the members of our own kinds are. */
static const struct {
    enum column_kind column;
    const char *about; /* before what the field is of */
} printed[] = {
    [PRINTS_TEXT] = {COLUMN_TEXT, ""},
    [PRINTS_COUNT] = {COLUMN_COUNT, "events "},
    [PRINTS_ANY] = {COLUMN_TRUTH, "is there an event "},
    [PRINTS_SUM] = {COLUMN_NUMBER, "sum of "},
    [PRINTS_EVENTS] = {COLUMN_COUNT, "events"},
    [PRINTS_START] = {COLUMN_TIME, "time of the first event"},
    [PRINTS_END] = {COLUMN_TIME, "time of the last event"},
    [PRINTS_SECONDS] = {COLUMN_NUMBER, "from the first to the last event"},
    [PRINTS_LIST] = {COLUMN_DOCUMENT, "values of "},
    [PRINTS_LIST_CUT] = {COLUMN_TRUTH, "are there more values of "},
    [PRINTS_SPLIT] = {COLUMN_ANY, "the same in all events"},
};

/* A command's own. */
static bool prints_own(enum field_prints prints)
{
    return prints == PRINTS_OWN || prints >= PRINTS_THAT_COUNT;
}

static void field_describe(const struct field *field, struct rows *rows, int member)
{
    const enum field_prints prints = field->kind->prints;
    struct buffer about = {0};
    if (prints_own(prints))
        buffer_printf(&about, "%s", field->kind->about == NULL ? "" : field->kind->about);
    else if (prints < sizeof printed / sizeof printed[0] && printed[prints].about != NULL)
        buffer_printf(&about, "%s%s", printed[prints].about,
                      field->of == NULL || prints == PRINTS_SPLIT ? "" : field->of);
    if (field->kind->keeps == KEEPS_FIRST || field->kind->keeps == KEEPS_LAST) {
        buffer_clear(&about);
        buffer_printf(&about, "the %s %s", field->kind->keeps == KEEPS_FIRST ? "first" : "last",
                      field->of);
    }
    const bool is_ours = !prints_own(prints) && prints < sizeof printed / sizeof printed[0];
    rows_describe(rows, member, is_ours ? printed[prints].column : field->kind->column,
                  buffer_slice(&about));
    buffer_release(&about);
}

static void column_name(struct field_column *column, struct slice prefix)
{
    column->name_len = (uint32_t)prefix.len;
    if (prefix.len <= sizeof column->name) memcpy(column->name, prefix.text, prefix.len);
}

bool fields_init(struct fields *fields, const struct field *field, struct identity *identity,
                 struct schema *schema, struct rows *rows, struct buffer *why)
{
    const struct slice id = schema->name[identity->slot[0]];

    *fields = (struct fields){.field = field, .kept = {.list_slot = -1}, .final = -1};
    while (field[fields->count].name != NULL)
        fields->count++;
    if (!places_make(fields, schema)) {
        buffer_add_literal(why, "more members are read than there is room for");
        return false;
    }
    (void)schema_need(schema, SLICE("event_type"));
    identity_declare_id(identity, rows, schema);
    fields->room = rows->member[identity->member[0]].prefix.len + NDJSON_PIECE + JSON_PLAIN_MAX;
    for (int i = 0; i < fields->count; i++) {
        const bool is_id = slice_equal(slice_of(field[i].name), id);
        if (is_id && !is_as_it_came(&field[i])) {
            buffer_printf(why, "'%.*s' is worked out, and has a place in the row", (int)id.len,
                          id.text);
            return false;
        }
        const bool is_split = field[i].kind->keeps == KEEPS_SPLIT;
        const int there = rows_find(rows, slice_of(field[i].name));
        if (is_split) rows_key(rows, there, true);
        if (is_id || (is_split && there >= 0)) continue; /* another field has it */
        struct field_column *const column = &fields->column[fields->columns++];
        *column = (struct field_column){
            .kind = field[i].kind,
            .prints = (uint16_t)field[i].kind->prints,
            .member = rows_member(rows, slice_of(field[i].name)),
            .place = (uint16_t)fields->place[i],
            .at = (uint32_t)field[i].kind->at,
        };
        column_name(column, rows->member[column->member].prefix);
        fields->room += column->name_len + NDJSON_PIECE + JSON_PLAIN_MAX;
        field_describe(&field[i], rows, column->member);
        rows_key(rows, column->member, is_split);
    }
    identity_declare_rest(identity, rows, schema);
    return true;
}

int fields_place(const struct fields *fields, enum field_keeps keeps, const char *of)
{
    for (int i = 0; i < fields->count; i++)
        if (fields->field[i].kind->keeps == keeps && strcmp(fields->field[i].of, of) == 0)
            return fields->place[i];
    return -1;
}

/* What stands in the context. */
static inline uint32_t that_count(const void *context, size_t at)
{
    return *(const uint32_t *)(const void *)((const char *)context + at);
}

static inline bool that_truth(const void *context, size_t at)
{
    return *(const bool *)(const void *)((const char *)context + at);
}

static inline struct value that_text(const void *context, size_t at)
{
    const struct slice text = *(const struct slice *)(const void *)((const char *)context + at);

    return text.text == NULL ? VALUE_NULL : value_string(text);
}

static inline int64_t that_time(const void *context, size_t at)
{
    return *(const int64_t *)(const void *)((const char *)context + at);
}

/* By way of what rows.h has for each type, however the row looks. */
static void field_print(const struct fields *fields, const struct field_column *column,
                        struct rows *rows, const struct overview *overview, const void *context)
{
    const int member = column->member, place = column->place;

    switch (column->prints) {
    case PRINTS_TEXT:
        rows_value(rows, member, attribute_value(&overview->attributes, place, overview->present));
        break;
    case PRINTS_COUNT: rows_int(rows, member, overview->count[place]); break;
    case PRINTS_ANY: rows_bool(rows, member, overview->count[place] > 0); break;
    case PRINTS_SUM: print_sum(rows, member, overview->sums + (size_t)place * SUM_BYTES); break;
    case PRINTS_EVENTS: rows_int(rows, member, (int64_t)overview->events); break;
    case PRINTS_START: rows_time(rows, member, overview->start_us); break;
    case PRINTS_END: rows_time(rows, member, overview->last_us); break;
    case PRINTS_SECONDS: rows_seconds(rows, member, overview->last_us - overview->start_us); break;
    case PRINTS_LIST: print_list(rows, member, overview); break;
    case PRINTS_LIST_CUT: rows_bool(rows, member, overview->products_cut); break;
    case PRINTS_SPLIT: print_split(rows, member, overview, place); break;
    case PRINTS_ACCOUNT:
        account_print(fields->kept.accounts, overview->account, place, rows, member);
        break;
    case PRINTS_ACCOUNT_EXTRA:
        account_print_extra(fields->kept.accounts, overview->account, place, rows, member);
        break;
    case PRINTS_THAT_COUNT: rows_int(rows, member, that_count(context, column->at)); break;
    case PRINTS_THAT_TRUTH: rows_bool(rows, member, that_truth(context, column->at)); break;
    case PRINTS_THAT_TEXT: rows_value(rows, member, that_text(context, column->at)); break;
    case PRINTS_THAT_TIME: rows_time(rows, member, that_time(context, column->at)); break;
    case PRINTS_THAT_SECONDS:
        if (that_time(context, column->at) == INT64_MIN)
            rows_null(rows, member);
        else
            rows_seconds(rows, member, that_time(context, column->at));
        break;
    case PRINTS_OWN: column->kind->print(rows, member, overview, context); break;
    default: __builtin_unreachable();
    }
}

/* --- the same values as JSON, where there is room for all of them --- */

_Static_assert(JSON_PLAIN_MAX > INSTANT_TEXT_MAX + 2 && JSON_PLAIN_MAX > SECONDS_TEXT_MAX,
               "none is longer than a text");

static inline char *null_write(char *to)
{
    memcpy(to, "null", 4);
    return to + 4;
}

static inline char *truth_write(char *to, bool is_true)
{
    static const char text[2][8] = {"false", "true"};

    memcpy(to, text[is_true], sizeof text[0]);
    return to + (is_true ? 4 : 5);
}

static inline char *time_write(char *to, int64_t time_us)
{
    char *const end = to + 1 + instant_write(to + 1, instant_within(time_us));

    *to = *end = '"';
    return end + 1;
}

/* As print_list; each takes a byte more in the list than as it is kept. */
static char *list_write(char *to, const struct overview *overview)
{
    const size_t most = overview->products.len + overview->products_kept + 2;
    if (most > JSON_PLAIN_MAX) return NULL;
    char *const begin = to++;

    for (struct products products =
             products_walk(overview->products, overview->products_kept, overview->start_us);
         products.left > 0; products_next(&products)) {
        to = json_write_plain(to, products.text);
        if (to == NULL) return NULL;
        *to++ = ',';
    }
    *begin = '[';
    if (overview->products_kept == 0) to++;
    to[-1] = ']';
    return to;
}

/* Returns behind the value; NULL: it may be long, or needs escapes. */
static inline char *field_write(char *to, const struct field_column *column,
                                const struct overview *overview, const void *context)
{
    const int place = column->place;
    struct slice text;

    switch (column->prints) {
    case PRINTS_TEXT:
        if ((overview->present >> place & 1) == 0) return null_write(to);
        return json_write_plain(to, overview->attributes.of[place].text);
    case PRINTS_COUNT: return int_write(to, overview->count[place]);
    case PRINTS_ANY: return truth_write(to, overview->count[place] > 0);
    case PRINTS_EVENTS: return int_write(to, (int64_t)overview->events);
    case PRINTS_START: return time_write(to, overview->start_us);
    case PRINTS_END: return time_write(to, overview->last_us);
    case PRINTS_SECONDS: return duration_write_seconds(to, overview->last_us - overview->start_us);
    case PRINTS_LIST: return list_write(to, overview);
    case PRINTS_LIST_CUT: return truth_write(to, overview->products_cut);
    case PRINTS_THAT_COUNT: return int_write(to, that_count(context, column->at));
    case PRINTS_THAT_TRUTH: return truth_write(to, that_truth(context, column->at));
    case PRINTS_THAT_TEXT:
        text = *(const struct slice *)(const void *)((const char *)context + column->at);
        return text.text == NULL ? null_write(to) : json_write_plain(to, text);
    case PRINTS_THAT_TIME: return time_write(to, that_time(context, column->at));
    case PRINTS_THAT_SECONDS:
        if (that_time(context, column->at) == INT64_MIN) return null_write(to);
        return duration_write_seconds(to, that_time(context, column->at));
    default: return NULL;
    }
}

/* Writes the name; returns behind it. */
static inline char *name_write(char *to, const struct field_column *column, const struct rows *rows)
{
    memcpy(to, column->name, sizeof column->name);
    if (__builtin_expect(column->name_len > sizeof column->name, 0))
        return ndjson_write_name(to, &rows->member[column->member]);
    return to + column->name_len;
}

/* The first value of a row; returns as field_write. */
static inline char *id_write(char *to, const struct member *member, struct value id)
{
    char *const value = ndjson_write_name(to, member);

    *to = '{';
    return id.kind == KIND_STRING ? json_write_plain(value, value_slice(id)) : NULL;
}

/* Every row is made of these, so what is short is written without a look at the buffer. */
static inline void columns_write(const struct fields *fields, const struct identity *identity,
                                 struct rows *rows, struct buffer *out, struct value id,
                                 const struct overview *overview, const void *context)
{
    char *to = id_write(buffer_reserve(out, fields->room), &rows->member[identity->member[0]], id);

    if (__builtin_expect(to == NULL, 0)) {
        rows_value(rows, identity->member[0], id);
        to = buffer_reserve(out, fields->room);
    }
    for (const struct field_column *column = fields->column; column->prints != PRINTS_NOTHING;
         column++) {
        char *const end = field_write(name_write(to, column, rows), column, overview, context);
        if (__builtin_expect(end != NULL, 1)) {
            to = end;
            continue;
        }
        out->len = (size_t)(to - out->data);
        field_print(fields, column, rows, overview, context);
        to = buffer_reserve(out, fields->room);
    }
    out->len = (size_t)(to - out->data);
}

void fields_print(const struct fields *fields, const struct identity *identity, struct rows *rows,
                  const struct overview *overview, const void *context)
{
    struct slice name = overview->name;
    const struct value id = name_value(&name); /* what is left of the name is the rest */

    rows_begin(rows);
    struct buffer *const straight = rows_straight(rows);
    if (straight != NULL) {
        columns_write(fields, identity, rows, straight, id, overview, context);
    } else {
        rows_value(rows, identity->member[0], id);
        for (const struct field_column *column = fields->column; column->prints != PRINTS_NOTHING;
             column++)
            field_print(fields, column, rows, overview, context);
    }
    identity_print_rest(identity, rows, name);
    if (__builtin_expect(fields->final >= 0, 0)) rows_bool(rows, fields->final, fields->is_final);
    rows_end(rows);
    if (fields->final >= 0 && !fields->is_final) return;
    identity_printed(identity, id);
    if (fields->kept.accounts != NULL) account_printed(fields->kept.accounts, overview->account);
}
