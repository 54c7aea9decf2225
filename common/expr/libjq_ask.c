#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/die.h"
#include "base/pack.h"
#include "expr/libjq_inside.h"

#define DIGITS_MAX 15 /* integers longer than this are not safe in a double */

#define CUT_OFF_NAMED 3 /* then no longer said of that program */

/* Limits of the library of regular expressions, where it has them: it is libjq's, and linked by it.
 */
extern int onig_set_retry_limit_in_search(unsigned long limit) __attribute__((weak));
extern int onig_set_retry_limit_in_match(unsigned long limit) __attribute__((weak));
extern int onig_set_match_stack_limit_size(unsigned int limit) __attribute__((weak));

static void regex_limit(void)
{
    if (onig_set_retry_limit_in_search != NULL) onig_set_retry_limit_in_search(REGEX_TRIES_MAX);
    if (onig_set_retry_limit_in_match != NULL) onig_set_retry_limit_in_match(REGEX_TRIES_MAX);
    if (onig_set_match_stack_limit_size != NULL) onig_set_match_stack_limit_size(REGEX_STACK_MAX);
}

void libjq_begin(void)
{
    bool any = false;
    for (int i = 0; i < PROGRAMS_MAX; i++)
        any = any || libjq_programs[i] != NULL;
    if (!any || (sandbox_started() && !libjq_programs_changed)) return;
    if (libjq_drains == NULL) {
        libjq_drains = mmap(NULL, PROGRAMS_MAX * sizeof *libjq_drains, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (libjq_drains == MAP_FAILED) die_errno("memory for expressions");
        regex_limit();
    }
    libjq_programs_changed = false;
    sandbox_start(libjq_serve);
}

/* --- questions --- */

/* Is the member read otherwise than it is written? */
static bool is_cast(const struct schema *schema, int slot)
{
    if (!schema_needs(schema, slot)) return false;
    return slot < SLOT_CANONICAL || (schema->number >> slot & 1) != 0;
}

static void set_pack(struct buffer *out, const struct schema *schema, const struct event *ev,
                     int slot)
{
    const struct value value = event_value(ev, slot);
    pack_u8(out, CHANGE_SET);
    pack_text(out, schema->name[slot]);
    pack_u8(out, value.escaped);
    pack_value(out, value);
}

/* --rename: the member stands in the line under its old name. */
static void renames_pack(struct buffer *out, const struct schema *schema, const struct event *ev)
{
    for (size_t i = 0; i < schema->alias_count; i++) {
        const int slot = schema_find(schema, schema->alias[i].name);
        pack_u8(out, CHANGE_DELETE);
        pack_text(out, schema->alias[i].old);
        if (slot >= 0 && event_value(ev, slot).text != NULL) set_pack(out, schema, ev, slot);
    }
}

/* The event: its line, with the members that are read otherwise than they are written. */
static void event_pack(struct buffer *out, const struct schema *schema, const struct event *ev)
{
    pack_text(out, ev->line);
    /* cs-parse has put the line as it prints it in place of the one that came. */
    if (!(schema->all && schema->whole)) renames_pack(out, schema, ev);
    for (int slot = 0; ev->recast && slot < schema->count; slot++)
        if (is_cast(schema, slot) && event_value(ev, slot).text != NULL)
            set_pack(out, schema, ev, slot);
    pack_u8(out, CHANGE_NONE);
}

/* The first few times it is said which event it was. */
static void cut_off_note(struct libjq *program, const struct event *ev, struct slice json,
                         const char *reason)
{
    const struct slice text = ev != NULL ? ev->line : json;
    const int shown = text.len < 80 ? (int)text.len : 80;
    if (++program->cut_off > CUT_OFF_NAMED) return;
    if (ev != NULL && ev->offset >= 0)
        message("expression '%s' was cut off at offset %lld: %s: %.*s", program->text,
                (long long)ev->offset, reason, shown, text.text);
    else if (ev != NULL && ev->line_number != 0)
        message("expression '%s' was cut off in line %llu: %s: %.*s", program->text,
                (unsigned long long)ev->line_number, reason, shown, text.text);
    else
        message("expression '%s' was cut off: %s: %.*s", program->text, reason, shown, text.text);
    if (program->cut_off == CUT_OFF_NAMED)
        message("further events at which it is cut off are only counted, as expression_errors");
}

static const char *end_reason(enum sandbox_end end)
{
    switch (end) {
    case SANDBOX_TIME: return cutoff_reason(CUTOFF_TIME);
    case SANDBOX_CRASHED: return "libjq crashed";
    default: return "its process was killed";
    }
}

static void reply_read(struct reply *reply, struct slice answer)
{
    struct unpack in = {.at = answer.text, .end = answer.text + answer.len};
    reply->again = unpack_u8(&in) != 0;
    reply->outcome = unpack_u8(&in);
    reply->cutoff = unpack_u8(&in);
    reply->selects = unpack_u8(&in) != 0;
    reply->kind = unpack_u8(&in);
    reply->several = unpack_u8(&in) != 0;
    reply->out = unpack_text(&in);
    reply->why = unpack_text(&in);
    if (in.broken) *reply = (struct reply){.outcome = OUTCOME_ERROR, .cutoff = CUTOFF_FAULT};
}

/* Why a program was cut off; NULL: it was not. */
static const char *cut_off_reason(const struct reply *reply)
{
    if (reply->end != SANDBOX_ANSWERED) return end_reason(reply->end);
    return reply->cutoff != CUTOFF_NONE ? cutoff_reason(reply->cutoff) : NULL;
}

/* Says so where a program was cut off. */
static void reply_note(struct libjq *program, const struct event *ev, struct slice json,
                       const struct reply *reply)
{
    const char *const reason = cut_off_reason(reply);
    if (reason != NULL) cut_off_note(program, ev, json, reason);
}

static int64_t time_max_us(void)
{
    return jq_limits_counted() ? TIME_MAX_US : TIME_MAX_UNCOUNTED_US;
}

/* Puts a question about an event, or about a JSON text, behind others. False: there is no room. */
static bool question_put(const struct libjq *program, enum demand demand,
                         const struct schema *schema, const struct event *ev, struct slice json)
{
    static struct buffer request;
    buffer_clear(&request);
    pack_u32(&request, (uint32_t)program->number);
    pack_u8(&request, (uint8_t)demand);
    if (schema != NULL && ev != NULL) {
        event_pack(&request, schema, ev);
    } else {
        pack_text(&request, json);
        pack_u8(&request, CHANGE_NONE);
    }
    return sandbox_put(buffer_slice(&request),
                       time_max_us() + (int64_t)(request.len / BYTES_PER_TIME_US));
}

static void reply_got(void *context, size_t i, enum sandbox_end end, struct slice answer)
{
    struct reply *const reply = (struct reply *)context + i;
    *reply = (struct reply){.outcome = OUTCOME_ERROR, .end = end};
    if (end == SANDBOX_ANSWERED) reply_read(reply, answer);
}

/* Asks one program. What the reply borrows is good until the next question. */
static void ask(struct libjq *program, enum demand demand, const struct schema *schema,
                const struct event *ev, struct slice json, struct reply *reply)
{
    libjq_begin();
    do {
        if (question_put(program, demand, schema, ev, json))
            sandbox_ask(reply_got, reply);
        else
            *reply = (struct reply){.outcome = OUTCOME_ERROR, .cutoff = CUTOFF_BYTES};
    } while (reply->again);
    reply_note(program, ev, json, reply);
}

/* What it borrows is good during the call only. */
static void ahead_got(void *context, size_t i, enum sandbox_end end, struct slice answer)
{
    struct libjq *const program = context;
    struct buffer *const text = &program->ahead_text;
    struct reply *const reply = &program->ahead[i].reply;
    reply_got(reply, 0, end, answer);
    const bool fits = reply->out.len + reply->why.len <= AHEAD_BYTES_MAX - text->len;
    program->ahead[i].out_at = text->len;
    if (reply->again || !fits) {
        program->ahead[i].ev = NULL;
        program->ahead[i].json_len = 0;
    } else {
        buffer_add_slice(text, reply->out);
        buffer_add_slice(text, reply->why);
    }
}

static void ask_ahead(struct libjq *program, enum demand demand, const struct schema *schema,
                      const struct event *const *events, size_t count)
{
    size_t put = 0;
    libjq_ahead_forget(program);
    if (count == 0) return;
    buffer_reserve(&program->ahead_text, 1); /* an empty string is not a missing one */
    libjq_begin();
    for (; put < count && put < LIBJQ_AHEAD_MAX; put++) {
        if (!question_put(program, demand, schema, events[put], (struct slice){0})) break;
        program->ahead[put].ev = events[put];
        program->ahead[put].json_len = 0;
    }
    sandbox_ask(ahead_got, program);
    program->ahead_demand = demand;
    program->ahead_count = put;
}

void libjq_selects_ahead(struct libjq *program, const struct schema *schema,
                         const struct event *const *events, size_t count)
{
    ask_ahead(program, DEMAND_SELECTS, schema, events, count);
}

void libjq_value_ahead(struct libjq *program, const struct schema *schema,
                       const struct event *const *events, size_t count)
{
    ask_ahead(program, DEMAND_VALUE, schema, events, count);
}

void libjq_ahead_forget(struct libjq *program)
{
    program->ahead_count = program->ahead_next = 0;
    buffer_clear(&program->ahead_text);
    buffer_clear(&program->ahead_json);
}

/* Where it stands what was asked ahead about the event; false: nowhere. */
static bool ahead_find(const struct libjq *program, enum demand demand, const struct event *ev,
                       size_t *at)
{
    if (program->ahead_demand != demand) return false;
    for (*at = program->ahead_next; *at < program->ahead_count; ++*at)
        if (program->ahead[*at].ev == ev) return true;
    return false;
}

static void ahead_reply(struct libjq *program, size_t at, struct reply *reply)
{
    *reply = program->ahead[at].reply;
    reply->out.text = program->ahead_text.data + program->ahead[at].out_at;
    reply->why.text = reply->out.text + reply->out.len;
    program->ahead_next = at;
}

static bool ahead_take(struct libjq *program, enum demand demand, const struct event *ev,
                       struct reply *reply)
{
    size_t at;
    if (!ahead_find(program, demand, ev, &at)) return false;
    ahead_reply(program, at, reply);
    reply_note(program, ev, (struct slice){0}, reply);
    return true;
}

/* The same of a JSON text, once. */
static bool ahead_take_text(struct libjq *program, struct slice json, struct reply *reply)
{
    if (program->ahead_demand != DEMAND_EACH || json.len == 0) return false;
    for (size_t at = program->ahead_next; at < program->ahead_count; at++) {
        const struct slice asked = {.text = program->ahead_json.data + program->ahead[at].json_at,
                                    .len = program->ahead[at].json_len};
        if (!slice_equal(asked, json)) continue;
        ahead_reply(program, at, reply);
        program->ahead_next++;
        reply_note(program, NULL, json, reply);
        return true;
    }
    return false;
}

bool libjq_may_select(const struct libjq *program, const struct event *ev)
{
    size_t at;
    if (!ahead_find(program, DEMAND_SELECTS, ev, &at)) return true;
    return program->ahead[at].reply.outcome == OUTCOME_VALUE && program->ahead[at].reply.selects;
}

enum outcome libjq_selects(struct libjq *program, const struct schema *schema,
                           const struct event *ev, bool *selects)
{
    struct reply reply;
    if (!ahead_take(program, DEMAND_SELECTS, ev, &reply))
        ask(program, DEMAND_SELECTS, schema, ev, (struct slice){0}, &reply);
    *selects = reply.selects;
    return reply.outcome;
}

enum outcome libjq_value(struct libjq *program, const struct schema *schema, const struct event *ev,
                         struct value *out, bool *several)
{
    struct reply reply;
    if (!ahead_take(program, DEMAND_VALUE, ev, &reply))
        ask(program, DEMAND_VALUE, schema, ev, (struct slice){0}, &reply);
    *out = (struct value){.kind = KIND_NULL};
    *several = reply.outcome == OUTCOME_VALUE && reply.several;
    if (reply.outcome != OUTCOME_VALUE) return reply.outcome;
    buffer_clear(&program->output);
    buffer_reserve(&program->output, 1); /* an empty string is not a missing one */
    buffer_add_slice(&program->output, reply.out);
    *out = (struct value){.kind = (uint8_t)reply.kind,
                          .text = program->output.data,
                          .len = (uint32_t)program->output.len};
    return OUTCOME_VALUE;
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

void libjq_each_ahead(struct libjq *program, const struct slice *jsons, size_t count)
{
    size_t put = 0;
    struct buffer *const text = &program->ahead_json;
    libjq_ahead_forget(program);
    if (count == 0) return;
    buffer_reserve(&program->ahead_text, 1);
    libjq_begin();
    for (; put < count && put < LIBJQ_AHEAD_MAX; put++) {
        const size_t at = text->len;
        quote_integers(text, jsons[put]);
        const struct slice quoted = {.text = text->data + at, .len = text->len - at};
        if (!question_put(program, DEMAND_EACH, NULL, NULL, quoted)) break;
        program->ahead[put].ev = NULL;
        program->ahead[put].json_at = at;
        program->ahead[put].json_len = quoted.len;
    }
    sandbox_ask(ahead_got, program);
    program->ahead_demand = DEMAND_EACH;
    program->ahead_count = put;
}

enum outcome libjq_each(struct libjq *program, struct slice json,
                        void (*emit)(void *context, struct slice json), void *context,
                        struct buffer *why)
{
    struct buffer quoted = {0};
    struct reply reply;
    quote_integers(&quoted, json);
    if (!ahead_take_text(program, buffer_slice(&quoted), &reply))
        ask(program, DEMAND_EACH, NULL, NULL, buffer_slice(&quoted), &reply);
    buffer_add_slice(why, reply.why);
    if (reply.outcome == OUTCOME_ERROR && reply.why.len == 0) {
        const char *const reason = cut_off_reason(&reply);
        buffer_printf(why, "cut off: %s", reason != NULL ? reason : cutoff_reason(CUTOFF_FAULT));
    }
    buffer_clear(&program->output);
    buffer_add_slice(&program->output, reply.out);
    buffer_release(&quoted);
    if (program->output.len == 0) return reply.outcome;
    /* Emitting may ask other programs: the outputs are copied by then. */
    struct unpack in = {.at = program->output.data,
                        .end = program->output.data + program->output.len};
    while (in.at < in.end && !in.broken)
        emit(context, unpack_text(&in));
    return reply.outcome;
}
