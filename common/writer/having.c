#include "writer/having.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "expr/expr.h"
#include "writer/encoding_ndjson.h"

struct having {
    struct schema schema;
    struct expr **expr;
    size_t count;
    int member[SCHEMA_MAX]; /* of the rows, by slot; -1: none */
    struct value value[SCHEMA_MAX];
    struct buffer line; /* the row as JSON: for libjq, and for who says what was wrong */
};

struct having *having_new(void)
{
    struct having *having = memory_zero(1, sizeof *having);
    schema_init(&having->schema);
    return having;
}

void having_free(struct having *having)
{
    if (having == NULL) return;
    for (size_t i = 0; i < having->count; i++)
        expr_free(having->expr[i]);
    free(having->expr);
    schema_release(&having->schema);
    buffer_release(&having->line);
    free(having);
}

static int member_find(const struct member *member, int members, struct slice name)
{
    for (int i = 0; i < members; i++)
        if (slice_equal(member[i].name, name)) return i;
    return -1;
}

/* Is a time that rows are compared with written as theirs, as far as it goes? */
static bool is_as_in_rows(const struct schema_moment *moment)
{
    char written[INSTANT_TEXT_MAX];
    const size_t len = instant_write(written, moment->time_us);
    return moment->text.len <= len && memcmp(moment->text.text, written, moment->text.len) == 0;
}

static void moment_complain(const struct schema_moment *moment, struct slice name,
                            struct buffer *why)
{
    buffer_printf(why, "%.*s is compared as text, and \"%.*s\" would be \"", (int)name.len,
                  name.text, (int)moment->text.len, moment->text.text);
    instant_print(why, moment->time_us);
    buffer_add_literal(why, "\" there");
}

/* Is the member compared with something that no value of a column of that kind is in order with?
 * Adds what. */
static bool is_unlike(const struct schema *schema, int slot, enum column_kind kind,
                      struct buffer *why)
{
    const struct slice name = schema->name[slot];
    const bool plain = kind == COLUMN_COUNT || kind == COLUMN_NUMBER || kind == COLUMN_TRUTH;
    if ((schema->quoted >> slot & 1) != 0 && plain) {
        buffer_printf(why, "%.*s is %s: compare it without quotes", (int)name.len, name.text,
                      kind == COLUMN_TRUTH ? "true or false" : "a number");
        return true;
    }
    for (size_t i = 0; i < schema->moment_count && kind == COLUMN_TIME; i++) {
        if (schema->moment[i].slot != slot || is_as_in_rows(&schema->moment[i])) continue;
        moment_complain(&schema->moment[i], name, why);
        return true;
    }
    return false;
}

bool having_add(struct having *having, const char *text, const struct member *member, int members,
                const struct relation *relation, struct slice *missing, struct buffer *why)
{
    struct schema *const schema = &having->schema;
    *missing = (struct slice){0};
    struct expr *expr = expr_compile_condition(text, schema, why);
    if (expr == NULL) return false;
    having->expr = memory_resize(having->expr, having->count + 1, sizeof(struct expr *));
    having->expr[having->count++] = expr;
    for (int slot = 0; slot < schema->count; slot++)
        having->member[slot] = member_find(member, members, schema->name[slot]);
    for (size_t i = 0; i < schema->watch_count; i++) {
        const struct schema_watch *const watch = &schema->watch[i];
        if (watch->nested || member_find(member, members, watch->name) >= 0) continue;
        *missing = watch->name;
        return false;
    }
    for (int slot = 0; slot < schema->count; slot++) {
        const int at = having->member[slot];
        if (at >= 0 && is_unlike(schema, slot, relation->column[at].kind, why)) return false;
    }
    return true;
}

/* The value as an event's slot has it: with VALUE_PADDING bytes behind. */
static struct value slot_value(const struct cells *cells, int member)
{
    struct value value = {.kind = KIND_NULL};
    if (member >= 0) value = cells_value(cells, cells->rows - 1, member);
    if (value.kind > KIND_TRUE && value.len == 0) value.text = cells->text.data;
    return value;
}

bool having_selects(struct having *having, struct cells *cells, struct encoder *ndjson)
{
    struct event ev = {.value = having->value, .offset = -1};
    memset(buffer_reserve(&cells->text, VALUE_PADDING), 0, VALUE_PADDING);
    for (int slot = 0; slot < having->schema.count; slot++)
        having->value[slot] = slot_value(cells, having->member[slot]);
    buffer_clear(&having->line);
    encoding_ndjson.row(ndjson, cells, cells->rows - 1, &having->line);
    ev.line = (struct slice){.text = having->line.data, .len = having->line.len - 1};
    for (size_t i = 0; i < having->count; i++)
        if (!expr_selects(having->expr[i], &ev)) return false;
    return true;
}

void having_explain(const struct having *having, struct buffer *out)
{
    for (size_t i = 0; i < having->count; i++) {
        buffer_add_literal(out, "having   ");
        expr_explain(having->expr[i], out);
        if (out->data[out->len - 1] != '\n') buffer_add_char(out, '\n');
    }
}
