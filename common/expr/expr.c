#include "expr/expr.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/pack.h"
#include "expr/advice.h"
#include "expr/jq_limits.h"
#include "expr/lexer.h"
#include "expr/libjq.h"
#include "expr/mention.h"
#include "expr/native.h"

uint64_t expr_errors;

/* The first error at an event that lacked nothing: an example for whoever asks how it came. That
 * what is not there cannot be multiplied is no news. */
#define FIRST_BYTES_MAX ((size_t)64 << 10)
static struct {
    struct expr *expr; /* NULL: there was none, or it is gone */
    struct buffer line;
    uint64_t line_number;
} first;

struct expr {
    char *text;
    struct expr *next; /* in compiled */
    const struct schema *schema;
    struct native *native; /* NULL: libjq runs it */
    struct libjq *libjq;   /* with native: for what is beyond it, compiled when first needed */
    int slot;              /* it only asks whether this one is there (or not); -1: more than that */
    bool present;
    uint64_t several; /* events for which it had more values than the first */
    struct {
        const struct partition *partition;
        int64_t offset;
        uint64_t line_number;
    } counted; /* the last one of these: a value may be asked for more than once */
};

static struct expr *compiled; /* all there are, in their order */

struct map_program {
    struct libjq *libjq;
};

/* What would make an answer depend on more than the event, or act on the outside world. */
static const struct {
    const char *name;
    const char *reason;
} refused[] = {
    {"now", "an answer must depend on the event alone"},
    {"localtime", "an answer must not depend on the machine's time zone"},
    {"strflocaltime", "an answer must not depend on the machine's time zone"},
    {"env", "an answer must depend on the event alone"},
    {"input", "an expression sees one event"},
    {"inputs", "an expression sees one event"},
    {"input_filename", "an expression sees one event"},
    {"input_line_number", "an expression sees one event"},
    {"debug", "it would write to standard error"},
    {"stderr", "it would write to standard error"},
    {"halt", "it would end the run"},
    {"halt_error", "it would end the run"},
    {"import", "it would read files"},
    {"include", "it would read files"},
    {"modulemeta", "it would read files"},
    {"get_search_list", "an answer must depend on the event alone"},
};

static const char *const refused_variables[] = {"ENV", "__prog_args"};

static bool refuse_function(struct slice name, struct buffer *why)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (!slice_equal(name, slice_of(refused[i].name))) continue;
        buffer_printf(why, "'%s' is refused: %s", refused[i].name, refused[i].reason);
        return true;
    }
    return false;
}

static bool refuse_variable(struct slice name, struct buffer *why)
{
    for (size_t i = 0; i < sizeof(refused_variables) / sizeof(refused_variables[0]); i++) {
        if (!slice_equal(name, slice_of(refused_variables[i]))) continue;
        buffer_printf(why, "'$%s' is refused: an answer must depend on the event alone",
                      refused_variables[i]);
        return true;
    }
    return false;
}

/* Is there something in the program that may not run? Adds to why what it is. */
static bool refuse(const char *text, struct buffer *why)
{
    struct lexer lexer;
    struct token before = {.kind = TOKEN_END};
    bool found = false;

    lexer_init(&lexer, slice_of(text));
    for (struct token token = lexer_next(&lexer); !found && token.kind != TOKEN_END;
         token = lexer_next(&lexer)) {
        if (token.kind == TOKEN_BAD) {
            if (token.text.len == 0)
                buffer_add_literal(why,
                                   "syntax error: a bracket or quote is still open at the end");
            else
                buffer_printf(why, "syntax error at '%.*s'",
                              (int)(token.text.len < 40 ? token.text.len : 40), token.text.text);
            found = true;
        } else if (token.kind == TOKEN_NAME && token_is(before, "$")) {
            found = refuse_variable(token.text, why);
        } else if (token.kind == TOKEN_NAME && !token.key) {
            found = refuse_function(token.text, why);
        }
        before = token;
    }
    lexer_release(&lexer);
    return found;
}

/* libjq sees the whole event, so every member that may be read as another kind than it is
 * written is needed. */
static void need_everything(struct schema *schema)
{
    schema->whole = schema->lined = true;
    schema->needed |= (UINT64_C(1) << SLOT_CANONICAL) - 1;
    schema->needed |= schema->number;
    for (size_t i = 0; i < schema->alias_count; i++)
        schema_need(schema, schema->alias[i].name);
}

static struct expr *expr_new(const char *text, const struct schema *schema)
{
    struct expr *expr = memory_zero(1, sizeof(*expr));
    expr->text = memory_text(text, strlen(text));
    expr->schema = schema;
    expr->slot = -1;
    struct expr **at = &compiled;
    while (*at != NULL)
        at = &(*at)->next;
    *at = expr;
    return expr;
}

struct expr *expr_compile_libjq(const char *text, struct schema *schema, struct buffer *why)
{
    if (refuse(text, why)) return NULL;
    struct libjq *libjq = libjq_compile(text, why);
    if (libjq == NULL) return NULL;
    need_everything(schema);
    mention_all(slice_of(text), schema);
    struct expr *expr = expr_new(text, schema);
    expr->libjq = libjq;
    return expr;
}

static struct expr *either_compile(const char *text, struct schema *schema, struct buffer *why)
{
    const size_t start = why->len;
    if (refuse(text, why)) return NULL;
    struct native *native = native_compile(text, schema, why);
    if (native == NULL) return why->len > start ? NULL : expr_compile_libjq(text, schema, why);
    mention_all(slice_of(text), schema);
    struct expr *expr = expr_new(text, schema);
    expr->native = native;
    expr->slot = native_presence(native, &expr->present);
    schema->lined |= !native_certain(native);
    return expr;
}

static bool is_program(const char *text)
{
    struct buffer why = {0};
    struct libjq *const libjq = refuse(text, &why) ? NULL : libjq_compile(text, &why);
    buffer_release(&why);
    libjq_free(libjq);
    return libjq != NULL;
}

static bool is_function(struct slice name)
{
    char text[64];
    if (name.len >= sizeof text) return false;
    memcpy(text, name.text, name.len);
    text[name.len] = '\0';
    struct buffer why = {0};
    struct libjq *const libjq = libjq_compile(text, &why);
    buffer_release(&why);
    libjq_free(libjq);
    return libjq != NULL;
}

/* Takes away where libjq says that it was: it is all one line of a shell. */
static void complaint_tidy(struct buffer *why, size_t start)
{
    static const char *const tails[] = {" at <top-level>, line 1:",
                                        " (Unix shell quoting issues?)"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        const size_t len = strlen(tails[i]);
        if (why->len - start > len && memcmp(why->data + why->len - len, tails[i], len) == 0)
            why->len -= len;
    }
}

static void meant_add(const char *text, struct buffer *why)
{
    struct buffer meant = {0};
    const bool changed = advice_rewrite(slice_of(text), is_function, &meant);
    buffer_add_char(&meant, '\0');
    const char *const phrase = advice_phrase(slice_of(text));
    const bool sound = changed && is_program(meant.data);
    const char *const trap = sound ? advice_trap(slice_of(meant.data)) : NULL;
    if (trap != NULL)
        buffer_printf(why, "; %s", trap);
    else if (sound)
        buffer_printf(why, "; did you mean '%s'?", meant.data);
    else if (phrase != NULL && memmem(why->data, why->len, phrase, strlen(phrase)) == NULL)
        buffer_printf(why, "; %s", phrase);
    buffer_release(&meant);
}

struct expr *expr_compile(const char *text, struct schema *schema, struct buffer *why)
{
    const size_t start = why->len;
    const char *const trap = advice_trap(slice_of(text));
    if (trap != NULL) {
        buffer_printf(why, "%s", trap);
        meant_add(text, why);
        return NULL;
    }
    struct expr *const expr = either_compile(text, schema, why);
    if (expr != NULL) return expr;
    complaint_tidy(why, start);
    meant_add(text, why);
    return NULL;
}

struct expr *expr_compile_condition(const char *text, struct schema *schema, struct buffer *why)
{
    const char *const trap = advice_condition_trap(slice_of(text));
    if (trap == NULL) return expr_compile(text, schema, why);
    buffer_printf(why, "%s", trap);
    return NULL;
}

void expr_free(struct expr *expr)
{
    if (expr == NULL) return;
    struct expr **at = &compiled;
    while (*at != expr)
        at = &(*at)->next;
    *at = expr->next;
    if (first.expr == expr) {
        first.expr = NULL;
        buffer_release(&first.line);
    }
    native_free(expr->native);
    libjq_free(expr->libjq);
    free(expr->text);
    free(expr);
}

/* A native program's twin. Our subset holds nothing that libjq refuses. */
static struct libjq *expr_libjq(struct expr *expr)
{
    struct buffer why = {0};
    if (expr->libjq == NULL) expr->libjq = libjq_compile(expr->text, &why);
    buffer_release(&why);
    return expr->libjq;
}

void expr_begin(void)
{
    libjq_begin();
}

/* Has the event all members that the expression reads? */
static bool is_complete(const struct expr *expr, const struct event *ev)
{
    uint64_t reads = expr->native == NULL ? 0 : native_reads(expr->native);
    for (; reads != 0; reads &= reads - 1)
        if (ev->value[__builtin_ctzll(reads)].kind == KIND_NULL) return false;
    return true;
}

static void failed(struct expr *expr, const struct event *ev)
{
    expr_errors++;
    if (first.expr != NULL || ev->line.len > FIRST_BYTES_MAX || !is_complete(expr, ev)) return;
    first.expr = expr;
    first.line_number = ev->line_number;
    buffer_add_slice(&first.line, ev->line);
}

static void emit_nothing(void *context, struct slice json)
{
    (void)context;
    (void)json;
}

void expr_failure_forget(void)
{
    first.expr = NULL;
    buffer_clear(&first.line);
}

void expr_failure_pack(struct buffer *out)
{
    pack_text(out, slice_of(first.expr != NULL ? first.expr->text : ""));
    pack_text(out, buffer_slice(&first.line));
    pack_u64(out, first.line_number);
}

/* Two of one text fail alike. */
static struct expr *expr_of(struct slice text)
{
    struct expr *expr = compiled;
    while (expr != NULL && !slice_equal(slice_of(expr->text), text))
        expr = expr->next;
    return expr;
}

void expr_failure_add(struct unpack *in, uint64_t lines_before)
{
    struct expr *const expr = expr_of(unpack_text(in));
    const struct slice line = unpack_text(in);
    const uint64_t line_number = unpack_u64(in);
    if (in->broken || expr == NULL || first.expr != NULL) return;
    first.expr = expr;
    first.line_number =
        line_number != 0 && lines_before != UINT64_MAX ? line_number + lines_before : 0;
    buffer_add_slice(&first.line, line);
}

/* By where each stands among all: the other process has the same ones in the same order. */
void expr_several_pack(struct buffer *out)
{
    uint32_t number = 0;
    for (struct expr *expr = compiled; expr != NULL; expr = expr->next, number++) {
        if (expr->several == 0) continue;
        pack_u32(out, number);
        pack_u64(out, expr->several);
        expr->several = 0;
    }
    pack_u32(out, UINT32_MAX);
}

void expr_several_add(struct unpack *in)
{
    for (uint32_t number; (number = unpack_u32(in)) != UINT32_MAX && !in->broken;) {
        const uint64_t several = unpack_u64(in);
        struct expr *expr = compiled;
        for (; number > 0 && expr != NULL; number--)
            expr = expr->next;
        if (expr != NULL) expr->several += several;
    }
}

/* Has one of the same text been told of before? */
static bool is_repeated(const struct expr *expr)
{
    for (const struct expr *other = compiled; other != expr; other = other->next)
        if (other->several != 0 && strcmp(other->text, expr->text) == 0) return true;
    return false;
}

void expr_several_each(void (*tell)(void *context, const char *text, uint64_t events),
                       void *context)
{
    for (const struct expr *expr = compiled; expr != NULL; expr = expr->next)
        if (expr->several != 0 && !is_repeated(expr)) tell(context, expr->text, expr->several);
}

bool expr_failure(struct expr_failure *failure, struct buffer *reason)
{
    if (first.expr == NULL) return false;
    struct libjq *const libjq = expr_libjq(first.expr);
    if (libjq != NULL)
        (void)libjq_each(libjq, buffer_slice(&first.line), emit_nothing, NULL, reason);
    *failure = (struct expr_failure){.text = first.expr->text, .line_number = first.line_number};
    return true;
}

bool expr_selects(struct expr *expr, const struct event *ev)
{
    if (expr->slot >= 0) return (ev->value[expr->slot].kind != KIND_NULL) == expr->present;
    bool selects = false;
    enum outcome outcome = OUTCOME_BEYOND;
    if (expr->native != NULL) outcome = native_selects(expr->native, ev, &selects);
    if (outcome == OUTCOME_BEYOND)
        outcome = libjq_selects(expr_libjq(expr), expr->schema, ev, &selects);
    if (outcome == OUTCOME_VALUE) return selects;
    failed(expr, ev);
    return false;
}

static void several_count(struct expr *expr, const struct event *ev)
{
    const bool again = expr->several != 0 && expr->counted.partition == ev->partition &&
                       expr->counted.offset == ev->offset &&
                       expr->counted.line_number == ev->line_number;
    expr->counted.partition = ev->partition;
    expr->counted.offset = ev->offset;
    expr->counted.line_number = ev->line_number;
    expr->several += !again;
}

struct value expr_value(struct expr *expr, const struct event *ev)
{
    struct value value = VALUE_NULL;
    enum outcome outcome = OUTCOME_BEYOND;
    bool several = false;
    if (expr->native != NULL) outcome = native_value(expr->native, ev, &value);
    if (outcome == OUTCOME_BEYOND)
        outcome = libjq_value(expr_libjq(expr), expr->schema, ev, &value, &several);
    if (__builtin_expect(several, 0)) several_count(expr, ev);
    if (outcome == OUTCOME_VALUE) return value;
    if (outcome == OUTCOME_ERROR) failed(expr, ev);
    return VALUE_NULL;
}

_Static_assert(EXPR_AHEAD_MAX <= LIBJQ_AHEAD_MAX, "libjq is asked about all of them");

void expr_selects_ahead(struct expr *expr, const struct event *const *events, size_t count)
{
    if (expr->native == NULL) libjq_selects_ahead(expr->libjq, expr->schema, events, count);
}

void expr_value_ahead(struct expr *expr, const struct event *const *events, size_t count)
{
    if (expr->native == NULL) libjq_value_ahead(expr->libjq, expr->schema, events, count);
}

void expr_ahead_forget(struct expr *expr)
{
    if (expr->native == NULL) libjq_ahead_forget(expr->libjq);
}

bool expr_may_select(const struct expr *expr, const struct event *ev)
{
    bool selects = false;
    if (expr->native == NULL) return libjq_may_select(expr->libjq, ev);
    const enum outcome outcome = native_selects(expr->native, ev, &selects);
    return outcome == OUTCOME_BEYOND || (outcome == OUTCOME_VALUE && selects);
}

bool expr_native(const struct expr *expr)
{
    return expr->native != NULL;
}

int expr_member(const struct expr *expr)
{
    return expr->native != NULL ? native_member(expr->native) : -1;
}

bool expr_truth(const struct expr *expr)
{
    return expr->native != NULL && native_truth(expr->native);
}

void expr_explain(const struct expr *expr, struct buffer *out)
{
    if (expr->native == NULL) {
        buffer_add_literal(out, "libjq: ");
        json_add_inside(out, slice_of(expr->text));
        buffer_add_literal(out, " (whole line)");
        return;
    }
    const uint64_t reads = native_reads(expr->native);
    const char *separator = " (reads ";
    buffer_add_literal(out, "native: ");
    json_add_inside(out, slice_of(expr->text));
    for (int slot = 0; slot < expr->schema->count; slot++) {
        if ((reads >> slot & 1) == 0) continue;
        buffer_add_slice(out, slice_of(separator));
        json_add_inside(out, expr->schema->name[slot]);
        separator = ", ";
    }
    buffer_add_slice(out, slice_of(reads == 0 ? " (reads nothing)" : ")"));
}

const char *expr_limits(void)
{
    return jq_limits_way();
}

struct map_program *map_compile(const char *text, struct buffer *why)
{
    if (refuse(text, why)) return NULL;
    struct libjq *libjq = libjq_compile(text, why);
    if (libjq == NULL) return NULL;
    struct map_program *map = memory_zero(1, sizeof(*map));
    map->libjq = libjq;
    return map;
}

void map_free(struct map_program *map)
{
    if (map == NULL) return;
    libjq_free(map->libjq);
    free(map);
}

_Static_assert(MAP_AHEAD_MAX <= LIBJQ_AHEAD_MAX, "all of them are asked");

void map_ahead(struct map_program *map, const struct slice *jsons, size_t count)
{
    libjq_each_ahead(map->libjq, jsons, count);
}

bool map_run(struct map_program *map, struct slice json,
             void (*emit)(void *context, struct slice json), void *context, struct buffer *why)
{
    return libjq_each(map->libjq, json, emit, context, why) != OUTCOME_ERROR;
}
