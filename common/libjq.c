#include "libjq.h"

#include <jq.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "json.h"
#include "memory.h"

#define DIGITS_MAX 15 /* integers longer than this are not safe in a double */

struct libjq {
    jq_state *state;
    struct buffer text; /* of the last value */
};

/* Values going in. */

static jv jv_of_slice(struct slice text) { return jv_string_sized(text.text, (int)text.len); }

static jv jv_of_escaped(struct slice inside)
{
    char *const text = memory_new(inside.len + 1);
    jv string = jv_of_slice((struct slice){.text = text, .len = json_unescape(text, inside)});
    free(text);
    return string;
}

static jv jv_of_value(struct value value)
{
    switch (value.kind) {
    case KIND_NULL: return jv_null();
    case KIND_FALSE: return jv_false();
    case KIND_TRUE: return jv_true();
    case KIND_STRING: return value.escaped ? jv_of_escaped(value_slice(value)) : jv_of_slice(value_slice(value));
    default: return jv_parse_sized(value.text, (int)value.len);
    }
}

/* Is the member read otherwise than it is written? */
static bool is_cast(const struct schema *schema, int slot)
{
    if (!schema_needs(schema, slot)) return false;
    return slot < SLOT_CANONICAL || (schema->number >> slot & 1) != 0;
}

static jv set_member(jv object, const struct schema *schema, const struct event *ev, int slot)
{
    return jv_object_set(object, jv_of_slice(schema->name[slot]), jv_of_value(event_value(ev, slot)));
}

/* --rename: the member stands in the line under its old name. */
static jv rename_members(jv object, const struct schema *schema, const struct event *ev)
{
    for (size_t i = 0; i < schema->alias_count; i++) {
        const int slot = schema_find(schema, schema->alias[i].name);
        object = jv_object_delete(object, jv_of_slice(schema->alias[i].old));
        if (slot >= 0 && event_value(ev, slot).text != NULL) object = set_member(object, schema, ev, slot);
    }
    return object;
}

/* The event: its line, with the members that are read otherwise than they are written. */
static jv jv_of_event(const struct schema *schema, const struct event *ev)
{
    jv object = jv_parse_sized(ev->line.text, (int)ev->line.len);
    if (!jv_is_valid(object)) return object;
    object = rename_members(object, schema, ev);
    if (!ev->recast) return object;
    for (int slot = 0; slot < schema->count; slot++)
        if (is_cast(schema, slot) && event_value(ev, slot).text != NULL) object = set_member(object, schema, ev, slot);
    return object;
}

/* Values coming out. */

static enum kind kind_of(jv value)
{
    switch (jv_get_kind(value)) {
    case JV_KIND_FALSE: return KIND_FALSE;
    case JV_KIND_TRUE: return KIND_TRUE;
    case JV_KIND_NUMBER: return isnan(jv_number_value(value)) ? KIND_NULL : KIND_NUMBER;
    case JV_KIND_STRING: return KIND_STRING;
    case JV_KIND_ARRAY: return KIND_ARRAY;
    case JV_KIND_OBJECT: return KIND_OBJECT;
    default: return KIND_NULL;
    }
}

static bool is_true(jv value)
{
    const jv_kind kind = jv_get_kind(value);
    return kind != JV_KIND_NULL && kind != JV_KIND_FALSE;
}

/* Both take the value over. */
static void add_string(struct buffer *out, jv string)
{
    buffer_add(out, jv_string_value(string), (size_t)jv_string_length_bytes(jv_copy(string)));
    jv_free(string);
}

static void add_dump(struct buffer *out, jv value) { add_string(out, jv_dump_string(value, 0)); }

/* The message of a failed output, or its dump when the program threw something else than a string. */
static void add_error(struct buffer *why, jv failure)
{
    jv text = jv_invalid_get_msg(failure);
    if (jv_get_kind(text) == JV_KIND_STRING)
        add_string(why, text);
    else
        add_dump(why, text);
}

static void print_digits(struct buffer *out, double scaled, int places)
{
    char digits[24];
    int at = sizeof(digits);
    uint64_t rest = (uint64_t)scaled;

    for (int place = 0; rest > 0 || place <= places; place++) {
        if (place == places && places > 0) digits[--at] = '.';
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    buffer_add(out, digits + at, sizeof(digits) - (size_t)at);
}

/* A decimal of at most 15 digits that reads back as the number is the shortest such text: no other one that short does. */
void libjq_print_number(struct buffer *out, double number)
{
    static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    const double size = fabs(number);

    if (size < 1e15 && (size >= 1e-4 || size == 0)) {
        for (int places = 0; places <= 6; places++) {
            const double scaled = nearbyint(size * power[places]);
            if (scaled >= 1e15) break;
            if (scaled / power[places] != size) continue;
            if (signbit(number)) buffer_add_char(out, '-');
            print_digits(out, scaled, places);
            return;
        }
    }
    add_dump(out, jv_number(number));
}

/* Programs. */

/* The first line of the first complaint, without what jq says about itself. */
static void keep_complaint(void *context, jv message)
{
    struct buffer *why = context;
    jv text = jq_format_error(message);
    const char *at = jv_string_value(text);
    const char *const introduction = "jq: error: ";
    if (why->len == 0 && strncmp(at, introduction, strlen(introduction)) == 0) {
        at += strlen(introduction);
        buffer_add(why, at, strcspn(at, "\n"));
    }
    jv_free(text);
}

static jv no_input(jq_state *state, void *context)
{
    (void)state;
    (void)context;
    return jv_invalid_with_msg(jv_string("there is no further input"));
}

static void no_debug(void *context, jv message)
{
    (void)context;
    jv_free(message);
}

/* An empty environment while compiling: ~/.jq is not read, $ENV and the library path show nothing. */
static bool compile_alone(jq_state *state, const char *text)
{
    static char *nothing[] = {NULL};
    char **const kept = environ;
    environ = nothing;
    const bool compiled = jq_compile(state, text) != 0;
    environ = kept;
    return compiled;
}

struct libjq *libjq_compile(const char *text, struct buffer *why)
{
    struct buffer complaint = {0};
    struct libjq *program = memory_zero(1, sizeof(*program));

    program->state = jq_init();
    jq_set_error_cb(program->state, keep_complaint, &complaint);
    jq_set_input_cb(program->state, no_input, NULL);
    jq_set_debug_cb(program->state, no_debug, NULL);
    const bool compiled = compile_alone(program->state, text);
    if (!compiled && complaint.len == 0) buffer_add_literal(&complaint, "syntax error");
    jq_set_error_cb(program->state, no_debug, NULL);
    buffer_add_slice(why, buffer_slice(&complaint));
    buffer_release(&complaint);
    if (compiled) return program;
    libjq_free(program);
    return NULL;
}

void libjq_free(struct libjq *program)
{
    if (program == NULL) return;
    jq_teardown(&program->state);
    buffer_release(&program->text);
    free(program);
}

/* The next output. OUTCOME_VALUE: *out is the caller's to free. OUTCOME_ERROR: the message is added to why unless
 * that is NULL. */
static enum outcome next_output(struct libjq *program, jv *out, struct buffer *why)
{
    *out = jq_next(program->state);
    if (jv_is_valid(*out)) return OUTCOME_VALUE;
    if (!jv_invalid_has_msg(jv_copy(*out))) {
        jv_free(*out);
        return OUTCOME_NONE;
    }
    if (why != NULL)
        add_error(why, *out);
    else
        jv_free(*out);
    return OUTCOME_ERROR;
}

enum outcome libjq_selects(struct libjq *program, const struct schema *schema, const struct event *ev, bool *selects)
{
    enum outcome outcome = OUTCOME_VALUE;
    jv output;

    *selects = false;
    jq_start(program->state, jv_of_event(schema, ev), 0);
    while (!*selects && (outcome = next_output(program, &output, NULL)) == OUTCOME_VALUE) {
        *selects = is_true(output);
        jv_free(output);
    }
    return outcome == OUTCOME_ERROR ? OUTCOME_ERROR : OUTCOME_VALUE;
}

enum outcome libjq_value(struct libjq *program, const struct schema *schema, const struct event *ev, struct value *out)
{
    jv output;

    jq_start(program->state, jv_of_event(schema, ev), 0);
    const enum outcome outcome = next_output(program, &output, NULL);
    if (outcome != OUTCOME_VALUE) return outcome;
    out->kind = (uint8_t)kind_of(output);
    out->escaped = false;
    buffer_clear(&program->text);
    buffer_reserve(&program->text, 1); /* an empty string is not a missing one */
    if (out->kind == KIND_STRING)
        add_string(&program->text, output);
    else
        add_dump(&program->text, output);
    out->text = program->text.data;
    out->len = (uint32_t)program->text.len;
    return outcome;
}

static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\') at++;
    return at < end ? at + 1 : end;
}

/* Copies JSON text, integers of more than 15 digits becoming strings. */
static void quote_integers(struct buffer *out, struct slice json)
{
    const char *const end = json.text + json.len;
    for (const char *at = json.text; at < end;) {
        const char *next = at + 1;
        if (*at == '"') {
            next = string_end(at, end);
        } else if (strchr("-0123456789", *at) != NULL && *at != '\0') {
            while (next < end && *next != '\0' && strchr("+-.0123456789eE", *next) != NULL) next++;
            const struct slice number = {.text = at, .len = (size_t)(next - at)};
            const bool integer = memchr(at, '.', number.len) == NULL && memchr(at, 'e', number.len) == NULL &&
                                 memchr(at, 'E', number.len) == NULL;
            const bool quote = integer && number.len - (*at == '-') > DIGITS_MAX;
            if (quote) buffer_add_char(out, '"');
            buffer_add_slice(out, number);
            if (quote) buffer_add_char(out, '"');
            at = next;
            continue;
        }
        buffer_add(out, at, (size_t)(next - at));
        at = next;
    }
}

enum outcome libjq_each(struct libjq *program, struct slice json, void (*emit)(void *context, struct slice json),
                        void *context, struct buffer *why)
{
    struct buffer quoted = {0};
    enum outcome outcome;
    jv output;

    quote_integers(&quoted, json);
    jv input = jv_parse_sized(quoted.data, (int)quoted.len);
    buffer_release(&quoted);
    if (!jv_is_valid(input)) {
        add_error(why, input);
        return OUTCOME_ERROR;
    }
    jq_start(program->state, input, 0);
    while ((outcome = next_output(program, &output, why)) == OUTCOME_VALUE) {
        buffer_clear(&program->text);
        add_dump(&program->text, output);
        emit(context, buffer_slice(&program->text));
    }
    return outcome;
}
