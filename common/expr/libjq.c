#include "expr/libjq.h"

#include <jq.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "base/json.h"
#include "base/memory.h"
#include "expr/leash.h"

#define DIGITS_MAX 15 /* integers longer than this are not safe in a double */

/* What one event may cost: about half a second. The input's own length is added, since reading
 * it is the least. */
#define STEPS_MAX 100000000
#define STEPS_PER_BYTE 64
#define BYTES_MAX ((size_t)256 << 20)
#define BYTES_PER_BYTE 16

#define LOST_MAX ((size_t)64 << 20)

#define CUT_OFF_NAMED 3     /* then no longer said of that program */
#define CUT_OFF_IN_A_ROW 10 /* then it is the program's fault, not the event's */

struct libjq {
    char *text;
    jq_state *state;
    struct leash *leash;
    struct buffer output; /* the text of the last value */
    int cut_off;
    int cut_off_in_a_row;
    bool drains; /* it is run to its end, though its first outputs would do */
};

/* One run of a program, and what comes of it. */
struct job {
    struct libjq *program;
    const struct schema *schema;
    const struct event *ev;
    struct slice json; /* where there is no event */
    struct value *value;
    struct buffer *why; /* may be NULL */
    enum outcome outcome;
    bool started;
    bool answered; /* what is cut off now was not needed any more */
    bool selects;
    bool more; /* an output is not the end of it */
};

/* Values going in. */

static jv jv_of_slice(struct slice text)
{
    return jv_string_sized(text.text, (int)text.len);
}

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
    case KIND_STRING:
        return value.escaped ? jv_of_escaped(value_slice(value)) : jv_of_slice(value_slice(value));
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
    return jv_object_set(object, jv_of_slice(schema->name[slot]),
                         jv_of_value(event_value(ev, slot)));
}

/* --rename: the member stands in the line under its old name. */
static jv rename_members(jv object, const struct schema *schema, const struct event *ev)
{
    for (size_t i = 0; i < schema->alias_count; i++) {
        const int slot = schema_find(schema, schema->alias[i].name);
        object = jv_object_delete(object, jv_of_slice(schema->alias[i].old));
        if (slot >= 0 && event_value(ev, slot).text != NULL)
            object = set_member(object, schema, ev, slot);
    }
    return object;
}

/* The event: its line, with the members that are read otherwise than they are written. */
static jv jv_of_event(const struct schema *schema, const struct event *ev)
{
    jv object = jv_parse_sized(ev->line.text, (int)ev->line.len);
    if (!jv_is_valid(object)) return object;
    /* cs-parse has put the line as it prints it in place of the one that came. */
    if (!(schema->all && schema->whole)) object = rename_members(object, schema, ev);
    if (!ev->recast) return object;
    for (int slot = 0; slot < schema->count; slot++)
        if (is_cast(schema, slot) && event_value(ev, slot).text != NULL)
            object = set_member(object, schema, ev, slot);
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

static void add_dump(struct buffer *out, jv value)
{
    add_string(out, jv_dump_string(value, 0));
}

/* The message of a failed output, or its dump when the program threw something else than a
 * string. */
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

/* A decimal of at most 15 digits that reads back as the number is the shortest such text: no
 * other one that short does. */
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

static void halt_state(void *context)
{
    const struct libjq *const program = context;
    if (program->state != NULL && !jq_halted(program->state))
        jq_halt(program->state, jv_invalid(), jv_invalid());
}

static void compile_work(void *context)
{
    struct job *const job = context;
    struct libjq *const program = job->program;
    program->state = jq_init();
    jq_set_error_cb(program->state, keep_complaint, job->why);
    jq_set_input_cb(program->state, no_input, NULL);
    jq_set_debug_cb(program->state, no_debug, NULL);
    if (jq_compile(program->state, program->text)) job->outcome = OUTCOME_VALUE;
    jq_set_error_cb(program->state, no_debug, NULL);
}

/* The zone that strftime names is not to be the machine's. */
static void set_zone(void)
{
    setenv("TZ", "UTC0", 1);
}

/* An empty environment while compiling: ~/.jq is not read, $ENV and the library path show
 * nothing. */
static bool compile_alone(struct libjq *program, struct buffer *why)
{
    static char *nothing[] = {NULL};
    char **const kept = environ;
    struct job job = {.program = program, .outcome = OUTCOME_ERROR, .why = why};
    program->leash = leash_new(halt_state, program);
    leash_allow(program->leash, STEPS_MAX, BYTES_MAX);
    environ = nothing;
    const enum cutoff cutoff = leash_compile(program->leash, compile_work, &job);
    environ = kept;
    if (cutoff != CUTOFF_NONE)
        buffer_printf(why, "it cannot be compiled: %s", cutoff_reason(cutoff));
    return cutoff == CUTOFF_NONE && job.outcome == OUTCOME_VALUE;
}

static void teardown_work(void *context)
{
    struct libjq *const program = context;
    jq_teardown(&program->state);
}

/* The state is given back, or, if it was abandoned, what is left of it. */
static void program_stop(struct libjq *program)
{
    if (program->leash != NULL && !leash_abandoned(program->leash)) {
        leash_allow(program->leash, STEPS_MAX, BYTES_MAX);
        leash_run(program->leash, teardown_work, program);
    }
    leash_free(program->leash);
    program->leash = NULL;
    program->state = NULL;
}

struct libjq *libjq_compile(const char *text, struct buffer *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct buffer complaint = {0};
    struct libjq *program = memory_zero(1, sizeof(*program));

    pthread_once(&once, set_zone);
    program->text = memory_text(text, strlen(text));
    const bool compiled = compile_alone(program, &complaint);
    if (!compiled && complaint.len == 0) buffer_add_literal(&complaint, "syntax error");
    buffer_add_slice(why, buffer_slice(&complaint));
    buffer_release(&complaint);
    if (compiled) return program;
    libjq_free(program);
    return NULL;
}

void libjq_free(struct libjq *program)
{
    if (program == NULL) return;
    program_stop(program);
    buffer_release(&program->output);
    free(program->text);
    free(program);
}

/* Running. */

static void note_cut_off(struct libjq *program, enum cutoff cutoff)
{
    program->cut_off++;
    program->cut_off_in_a_row++;
    if (program->cut_off_in_a_row == CUT_OFF_IN_A_ROW)
        die("expression '%s' was cut off %d times in a row: %s", program->text, CUT_OFF_IN_A_ROW,
            cutoff_reason(cutoff));
    if (program->cut_off <= CUT_OFF_NAMED)
        message("expression '%s' was cut off: %s", program->text, cutoff_reason(cutoff));
}

/* Gives back all that the program has, or has left behind, and compiles it anew. */
static void program_renew(struct libjq *program)
{
    struct buffer why = {0};
    program_stop(program);
    if (!compile_alone(program, &why)) die("expression '%s' did not compile again", program->text);
    buffer_release(&why);
}

/* libjq 1.6 loses some memory here and there (ltrimstr of a number, ...): now and then it is
 * collected. */
static void allow(struct libjq *program, size_t input_len)
{
    if (leash_bytes(program->leash) > LOST_MAX) program_renew(program);
    leash_allow(program->leash, STEPS_MAX + (int64_t)input_len * STEPS_PER_BYTE,
                BYTES_MAX + input_len * BYTES_PER_BYTE);
}

static size_t job_len(const struct job *job)
{
    return job->ev != NULL ? job->ev->line.len : job->json.len;
}

/* libjq 1.6 fails when it is started anew after it was left inside of path(f), as by what needs
 * the first output only. That is not the new event's fault: it is run again, and from then on
 * the program is always run to its end. */
static enum cutoff run_leashed(struct job *job, void (*work)(void *context))
{
    struct libjq *const program = job->program;
    const enum cutoff cutoff = leash_run(program->leash, work, job);
    if (cutoff != CUTOFF_FAULT || job->started) return cutoff;
    program->drains = true;
    program_renew(program);
    allow(program, job_len(job));
    return leash_run(program->leash, work, job);
}

static enum outcome job_run(struct job *job, void (*work)(void *context))
{
    struct libjq *const program = job->program;
    const enum cutoff cutoff = run_leashed(job, work);
    if (job->answered) {
        if (leash_abandoned(program->leash)) program_renew(program);
        program->cut_off_in_a_row = 0;
        return job->outcome;
    }
    if (cutoff == CUTOFF_NONE) {
        if (!job->more) program->cut_off_in_a_row = 0;
        return job->outcome;
    }
    note_cut_off(program, cutoff);
    if (leash_abandoned(program->leash)) program_renew(program);
    if (job->why != NULL) buffer_printf(job->why, "cut off: %s", cutoff_reason(cutoff));
    return OUTCOME_ERROR;
}

static void start_event(struct job *job)
{
    jq_start(job->program->state, jv_of_event(job->schema, job->ev), 0);
    job->started = true;
}

/* What comes after the answer, to no other end than that libjq can be started anew. */
static void drain(struct job *job)
{
    bool more = job->program->drains;
    job->answered = more;
    while (more) {
        jv output = jq_next(job->program->state);
        more = jv_is_valid(output);
        jv_free(output);
    }
}

/* The next output, which on OUTCOME_VALUE is the caller's to free. */
static enum outcome next_output(struct job *job, jv *out)
{
    *out = jq_next(job->program->state);
    if (jv_is_valid(*out)) return OUTCOME_VALUE;
    if (!jv_invalid_has_msg(jv_copy(*out))) {
        jv_free(*out);
        return OUTCOME_NONE;
    }
    if (job->why != NULL)
        add_error(job->why, *out);
    else
        jv_free(*out);
    return OUTCOME_ERROR;
}

static void selects_work(void *context)
{
    struct job *const job = context;
    jv output;
    start_event(job);
    while (!job->selects && (job->outcome = next_output(job, &output)) == OUTCOME_VALUE) {
        job->selects = is_true(output);
        jv_free(output);
    }
    if (job->selects) drain(job);
}

enum outcome libjq_selects(struct libjq *program, const struct schema *schema,
                           const struct event *ev, bool *selects)
{
    struct job job = {.program = program, .schema = schema, .ev = ev};
    allow(program, job_len(&job));
    const enum outcome outcome = job_run(&job, selects_work);
    *selects = job.selects;
    return outcome == OUTCOME_NONE ? OUTCOME_VALUE : outcome;
}

static void value_work(void *context)
{
    struct job *const job = context;
    struct buffer *const text = &job->program->output;
    jv output;
    start_event(job);
    job->outcome = next_output(job, &output);
    if (job->outcome != OUTCOME_VALUE) return;
    job->value->kind = (uint8_t)kind_of(output);
    buffer_clear(text);
    buffer_reserve(text, 1); /* an empty string is not a missing one */
    if (job->value->kind == KIND_STRING)
        add_string(text, output);
    else
        add_dump(text, output);
    drain(job);
}

enum outcome libjq_value(struct libjq *program, const struct schema *schema, const struct event *ev,
                         struct value *out)
{
    struct job job = {.program = program, .schema = schema, .ev = ev, .value = out};
    *out = (struct value){.kind = KIND_NULL};
    allow(program, job_len(&job));
    const enum outcome outcome = job_run(&job, value_work);
    out->text = program->output.data;
    out->len = (uint32_t)program->output.len;
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
            while (next < end && *next != '\0' && strchr("+-.0123456789eE", *next) != NULL)
                next++;
            const struct slice number = {.text = at, .len = (size_t)(next - at)};
            const bool integer = memchr(at, '.', number.len) == NULL &&
                                 memchr(at, 'e', number.len) == NULL &&
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

static void parse_work(void *context)
{
    struct job *const job = context;
    jv input = jv_parse_sized(job->json.text, (int)job->json.len);
    job->outcome = jv_is_valid(input) ? OUTCOME_VALUE : OUTCOME_ERROR;
    if (jv_is_valid(input))
        jq_start(job->program->state, input, 0);
    else
        add_error(job->why, input);
    job->started = true;
}

static void output_work(void *context)
{
    struct job *const job = context;
    jv output;
    job->outcome = next_output(job, &output);
    buffer_clear(&job->program->output);
    if (job->outcome == OUTCOME_VALUE) add_dump(&job->program->output, output);
}

enum outcome libjq_each(struct libjq *program, struct slice json,
                        void (*emit)(void *context, struct slice json), void *context,
                        struct buffer *why)
{
    struct buffer quoted = {0};
    quote_integers(&quoted, json);
    struct job job = {.program = program, .json = buffer_slice(&quoted), .why = why, .more = true};
    allow(program, job_len(&job));
    enum outcome outcome = job_run(&job, parse_work);
    while (outcome == OUTCOME_VALUE) {
        outcome = job_run(&job, output_work);
        if (outcome == OUTCOME_VALUE) emit(context, buffer_slice(&program->output));
    }
    if (outcome == OUTCOME_NONE) program->cut_off_in_a_row = 0;
    buffer_release(&quoted);
    return outcome;
}
