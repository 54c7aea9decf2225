#include "expr/libjq.h"

#include <jq.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/pack.h"
#include "expr/libjq_inside.h"
#include "expr/prelude.h"

/* What compiling may cost: the program is the user's own. */
#define COMPILE_STEPS_MAX 100000000
#define COMPILE_BYTES_MAX ((size_t)256 << 20)

/* What libjq has lost, here and there, after which a fresh worker is wanted. */
#define LOST_MAX ((size_t)64 << 20)

struct libjq *libjq_programs[PROGRAMS_MAX];
bool libjq_programs_changed;
bool *libjq_drains;

/* One run of a program, in a worker, and what comes of it. */
struct job {
    struct libjq *program;
    const char *text; /* compiling: the program, and what it needs before it */
    enum demand demand;
    struct unpack in;   /* the input */
    struct buffer *out; /* the outputs, packed */
    struct buffer *why;
    enum outcome outcome;
    bool started;
    bool answered; /* what is cut off now was not needed any more */
    bool selects;
    enum kind kind; /* of the value */
    bool several;   /* another one comes behind it */
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

/* In a worker: the input as libjq has it. */
static jv input_unpack(struct unpack *in)
{
    const struct slice json = unpack_text(in);
    jv object = jv_parse_sized(json.text, (int)json.len);
    for (;;) {
        const enum change change = unpack_u8(in);
        if (change == CHANGE_NONE || !jv_is_valid(object)) return object;
        jv name = jv_of_slice(unpack_text(in));
        if (change == CHANGE_DELETE) {
            object = jv_object_delete(object, name);
            continue;
        }
        const bool escaped = unpack_u8(in) != 0;
        struct value value = unpack_value(in);
        value.escaped = escaped;
        object = jv_object_set(object, name, jv_of_value(value));
    }
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
    if (jq_compile(program->state, job->text)) job->outcome = OUTCOME_VALUE;
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
    struct buffer text = {0};
    prelude_add(&text, slice_of(program->text));
    buffer_add(&text, program->text, strlen(program->text) + 1);
    struct job job = {.program = program, .text = text.data, .outcome = OUTCOME_ERROR, .why = why};
    program->limits = jq_limits_new(halt_state, program);
    jq_limits_allow(program->limits, COMPILE_STEPS_MAX, COMPILE_BYTES_MAX);
    environ = nothing;
    const enum cutoff cutoff = jq_limits_compile(program->limits, compile_work, &job);
    environ = kept;
    buffer_release(&text);
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
    if (program->limits != NULL && !jq_limits_abandoned(program->limits)) {
        jq_limits_allow(program->limits, COMPILE_STEPS_MAX, COMPILE_BYTES_MAX);
        jq_limits_run(program->limits, teardown_work, program);
    }
    jq_limits_free(program->limits);
    program->limits = NULL;
    program->state = NULL;
}

/* A number for the program; -1: there are too many. */
static int program_register(struct libjq *program)
{
    for (int i = 0; i < PROGRAMS_MAX; i++) {
        if (libjq_programs[i] != NULL) continue;
        libjq_programs[i] = program;
        libjq_programs_changed = true;
        return i;
    }
    return -1;
}

struct libjq *libjq_compile(const char *text, struct buffer *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct buffer complaint = {0};
    struct libjq *program = memory_zero(1, sizeof(*program));

    pthread_once(&once, set_zone);
    program->text = memory_text(text, strlen(text));
    program->number = -1;
    const bool compiled = compile_alone(program, &complaint);
    if (compiled) program->number = program_register(program);
    if (compiled && program->number < 0)
        buffer_printf(&complaint, "more than %d of them", PROGRAMS_MAX);
    if (!compiled && complaint.len == 0) buffer_add_literal(&complaint, "syntax error");
    buffer_add_slice(why, buffer_slice(&complaint));
    buffer_release(&complaint);
    if (program->number >= 0) return program;
    libjq_free(program);
    return NULL;
}

void libjq_free(struct libjq *program)
{
    if (program == NULL) return;
    if (program->number >= 0) libjq_programs[program->number] = NULL;
    program_stop(program);
    buffer_release(&program->output);
    buffer_release(&program->ahead_text);
    buffer_release(&program->ahead_json);
    free(program->text);
    free(program);
}

/* --- in a worker --- */

static void input_start(struct job *job)
{
    jv input = input_unpack(&job->in);
    if (!jv_is_valid(input)) { /* nested deeper than libjq takes, by one level */
        add_error(job->why, input);
        return;
    }
    jq_start(job->program->state, input, 0);
    job->started = true;
}

/* What comes after the answer, to no other end than that libjq can be started anew. */
static void drain(struct job *job)
{
    bool more = libjq_drains[job->program->number];
    job->answered = more;
    while (more) {
        jv output = jq_next(job->program->state);
        more = jv_is_valid(output);
        jv_free(output);
    }
}

/* Is there another output? It is not needed, only told of: what it costs too much, or how it fails,
 * is nobody's fault. */
static bool has_another(struct job *job)
{
    job->answered = true;
    jv output = jq_next(job->program->state);
    const bool is_there = jv_is_valid(output);
    jv_free(output);
    return is_there;
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
    add_error(job->why, *out);
    return OUTCOME_ERROR;
}

static void selects_work(struct job *job)
{
    jv output;
    while (!job->selects && (job->outcome = next_output(job, &output)) == OUTCOME_VALUE) {
        job->selects = is_true(output);
        jv_free(output);
    }
    if (job->outcome == OUTCOME_NONE) job->outcome = OUTCOME_VALUE;
    if (job->selects) drain(job);
}

static void value_work(struct job *job)
{
    jv output;
    job->outcome = next_output(job, &output);
    if (job->outcome != OUTCOME_VALUE) return;
    job->kind = kind_of(output);
    if (job->kind == KIND_STRING)
        add_string(job->out, output);
    else
        add_dump(job->out, output);
    job->several = has_another(job);
    drain(job);
}

static void each_work(struct job *job)
{
    jv output;
    while ((job->outcome = next_output(job, &output)) == OUTCOME_VALUE) {
        jv text = jv_dump_string(output, 0);
        pack_text(job->out, (struct slice){.text = jv_string_value(text),
                                           .len = (size_t)jv_string_length_bytes(jv_copy(text))});
        jv_free(text);
    }
}

static void job_work(void *context)
{
    struct job *const job = context;
    input_start(job);
    if (!job->started) return;
    switch (job->demand) {
    case DEMAND_SELECTS: selects_work(job); break;
    case DEMAND_VALUE: value_work(job); break;
    case DEMAND_EACH: each_work(job); break;
    }
}

/* Answers a request: the outcome, why it was cut off if it was, what was asked for, the message. */
void libjq_serve(struct sandbox_job *work)
{
    static struct buffer out, why, answer;
    struct unpack in = {.at = work->request.text, .end = work->request.text + work->request.len};
    struct job job = {.outcome = OUTCOME_ERROR, .out = &out, .why = &why};
    job.program = libjq_programs[unpack_u32(&in)];
    job.demand = unpack_u8(&in);
    job.in = in;
    buffer_clear(&out);
    buffer_clear(&why);
    buffer_clear(&answer);
    jq_limits_allow(job.program->limits, STEPS_MAX + (int64_t)work->request.len * STEPS_PER_BYTE,
                    BYTES_MAX + work->request.len * BYTES_PER_BYTE);
    enum cutoff cutoff = jq_limits_run(job.program->limits, job_work, &job);
    /* libjq 1.6 fails when it is started anew after it was left inside of path(f), as by what needs
     * the first output only. That is not this event's fault: a fresh worker runs it again, and from
     * then on the program is always run to its end. */
    const bool again = cutoff == CUTOFF_FAULT && !job.started && !libjq_drains[job.program->number];
    if (again) libjq_drains[job.program->number] = true;
    const bool stopped = cutoff != CUTOFF_NONE || jq_limits_abandoned(job.program->limits);
    if (job.answered) cutoff = CUTOFF_NONE;
    if (cutoff != CUTOFF_NONE) job.outcome = OUTCOME_ERROR;
    if (out.len + why.len + 64 > work->room) {
        cutoff = CUTOFF_BYTES;
        job.outcome = OUTCOME_ERROR;
        buffer_clear(&out);
        buffer_clear(&why);
    }
    pack_u8(&answer, again);
    pack_u8(&answer, (uint8_t)job.outcome);
    pack_u8(&answer, (uint8_t)cutoff);
    pack_u8(&answer, job.selects);
    pack_u8(&answer, (uint8_t)job.kind);
    pack_u8(&answer, job.several);
    pack_text(&answer, buffer_slice(&out));
    pack_text(&answer, buffer_slice(&why));
    memcpy(work->answer, answer.data, answer.len);
    work->len = answer.len;
    /* What was stopped half-way is not worth finding out about. */
    work->last = stopped || jq_limits_bytes(job.program->limits) > LOST_MAX;
}
