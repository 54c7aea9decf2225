#include "collect/judge.h"

#include "admit/arrival.h"
#include "base/die.h"
#include "base/machine.h"
#include "base/utf8.h"
#include "event/members.h"
#include "raw/repair.h"
#include "run/common_options.h"
#include "run/prepare.h"
#include "run/signals.h"
#include "run/translated.h"

/* Real agents are shorter; a body of many small events must not become a file of agents. */
#define AGENT_BYTES ((size_t)512)

/* Clocks of devices are left alone when they are less wrong than this, and else corrected by
 * multiples of it: a body's way takes its time, too, and what is corrected by that would put one
 * page's events among another's. */
#define CLOCK_STEP_US INT64_C(300000000)

/* What the server knows, each with the slot of its member. */
enum known { KNOWN_RECEIVED, KNOWN_ADDRESS, KNOWN_AGENT, KNOWN_BOT, KNOWN_TIME, KNOWN_COUNT };

static const struct slice known_name[KNOWN_COUNT] = {
    SLICE("received_at"), SLICE("ip"), SLICE("user_agent"), SLICE("bot"), SLICE("client_time")};

/* What a group that fails takes back. */
struct group {
    struct stats stats;
    uint64_t produced, repaired;
    size_t rejects; /* bytes */
};

static struct {
    struct loop loop;
    struct input input; /* which all records are of */
    struct parsing parsing;
    struct judge_rules rules;
    struct group before;   /* the group */
    int slot[KNOWN_COUNT]; /* -1: the member is not given */
    struct value value[KNOWN_COUNT];
    struct buffer text[KNOWN_COUNT]; /* what they borrow from */
    struct repair repair;            /* of agents */
    struct buffer sent_at;
    int64_t received_us, shift_us;
    const char *reason; /* for which the body's first bad record was refused */
} judge;

struct loop *judge_loop(void)
{
    return &judge.loop;
}

/* --- the run --- */

/* Rows and rejects gather: who takes them knows what to do when they cannot be written. */
static bool never(void)
{
    return false;
}

static void time_correct(struct event *ev)
{
    if (judge.rules.clock == CLOCK_CLIENT) return;
    const uint64_t bit = UINT64_C(1) << judge.slot[KNOWN_TIME];
    struct buffer *const text = &judge.text[KNOWN_TIME];
    const int64_t came_us = ev->time_us;
    const int64_t corrected_us =
        judge.rules.clock == CLOCK_SERVER ? judge.received_us : came_us + judge.shift_us;
    /* A sender whose clock says year 9999, and whose events say another one, is not corrected. */
    if (corrected_us == instant_within(corrected_us)) ev->time_us = corrected_us;
    judge.parsing.changes.given &= ~bit;
    if (ev->time_us == came_us) return;
    judge.parsing.changes.given |= bit;
    buffer_clear(text);
    text->len = instant_write(buffer_reserve(text, INSTANT_TEXT_MAX + VALUE_PADDING), came_us);
    judge.value[KNOWN_TIME] = value_string(buffer_slice(text));
    canonical_line_time(&judge.parsing.changes.made, ev);
}

static enum reason amend(struct run *run, struct event *ev)
{
    time_correct(ev);
    for (int i = 0; i < KNOWN_COUNT; i++)
        if (judge.slot[i] >= 0 && (judge.parsing.changes.given >> judge.slot[i] & 1) != 0)
            ev->value[judge.slot[i]] = judge.value[i];
    ev->recast = true;
    return parsing_amend(&judge.parsing, run, ev);
}

static enum fate event(struct run *run, const struct event *ev)
{
    if (!parsing_wants(&judge.parsing, ev)) return FATE_FILTERED;
    parsing_print(&judge.parsing, run, ev, rows_raw_begin(run->rows));
    rows_raw_end(run->rows, ev, &run->schema);
    return FATE_USED;
}

const struct analysis *judge_run_start(struct run *run)
{
    static const struct analysis analysis = {.amend = amend, .event = event};
    const struct csv none = {.separator = '\0'};

    format_init(&judge.parsing.format, FORMAT_JSON, &none);
    for (int i = 0; i < KNOWN_COUNT; i++) {
        judge.slot[i] = -1;
        if (i == KNOWN_ADDRESS && !judge.rules.with_address) continue;
        if (i == KNOWN_BOT && !judge.rules.with_bot) continue;
        if (i == KNOWN_TIME && judge.rules.clock == CLOCK_CLIENT) continue;
        judge.slot[i] = schema_need(&run->schema, known_name[i]);
        if (judge.slot[i] < 0) die_usage("too many members are looked at");
        judge.parsing.changes.given |= UINT64_C(1) << judge.slot[i];
    }
    parsing_start(&judge.parsing, judge.rules.parsing, run);
    run->schema.as_is = false; /* no line is printed as it came */
    if (option_given("where")) run->schema.whole = true;
    return &analysis;
}

void judge_run_release(struct run *run)
{
    (void)run;
    parsing_release(&judge.parsing);
}

void judge_start(const struct tool *tool, const struct judge_rules *rules)
{
    struct loop *const l = &judge.loop;
    struct admission *const a = &l->admission;

    held_bound((size_t)(options->max_memory != 0 ? options->max_memory : machine_memory() / 2));
    judge.rules = *rules;
    judge.repair.wanted = REPAIR_UTF8;
    l->tool = tool;
    l->output = (struct output){.name = "events", .fd = -1, .may_write = never};
    l->rejects_output = (struct output){.name = options->rejects, .fd = -1, .may_write = never};
    prepare(l);
    if (options->rejects != NULL) a->fates.rejects.output = &l->rejects_output;
    judge.input = (struct input){.name = "body", .fd = -1, .framing = FRAMING_NONE, .begun = true};
    l->inputs = (struct inputs){.input = &judge.input, .count = 1};
    arrival_join(&a->clock, &l->inputs, &judge.input, clock_partition(&a->clock, 0));
    judge.input.reading = l->run.translator->begin(l->run.translator->self, SLICE("[{}]"));
    clock_begin(&a->clock);
    rows_open(l->run.rows, false);
    judge_clear();
}

void judge_end(void)
{
    struct loop *const l = &judge.loop;
    l->run.translator->end(judge.input.reading);
    judge_run_release(&l->run);
    for (int i = 0; i < KNOWN_COUNT; i++)
        buffer_release(&judge.text[i]);
    buffer_release(&judge.sent_at);
    repair_release(&judge.repair);
    buffer_release(&l->output.buffer);
    buffer_release(&l->rejects_output.buffer);
    admission_end(&l->admission);
    buffer_release(&l->events);
    rows_free(l->run.rows);
    schema_release(&l->run.schema);
    misnumber_release(&l->run.misnumbers);
    common_options_release();
    option_release();
}

/* --- a body --- */

/* A text for a slot: copied, with padding. */
static void known_set(enum known which, struct slice text)
{
    struct buffer *const to = &judge.text[which];
    buffer_clear(to);
    buffer_add_slice(to, text);
    memset(buffer_reserve(to, VALUE_PADDING), 0, VALUE_PADDING);
    judge.value[which] = value_string(buffer_slice(to));
}

/* Not cut inside of a character. */
static struct slice agent_cut(struct slice agent)
{
    if (agent.len <= AGENT_BYTES) return agent;
    agent.len = AGENT_BYTES;
    while (agent.len > AGENT_BYTES - 4 && ((unsigned char)agent.text[agent.len] & 0xc0) == 0x80)
        agent.len--;
    return agent;
}

static void sender_set(const struct sender *sender)
{
    char time[INSTANT_TEXT_MAX];
    judge.received_us = sender->received_us;
    known_set(KNOWN_RECEIVED, (struct slice){time, instant_write(time, sender->received_us)});
    judge.value[KNOWN_ADDRESS] = judge.value[KNOWN_AGENT] = judge.value[KNOWN_BOT] = VALUE_NULL;
    if (sender->bot.len != 0) known_set(KNOWN_BOT, sender->bot);
    if (sender->address.len != 0) known_set(KNOWN_ADDRESS, sender->address);
    if (sender->agent.text == NULL) return;
    const struct slice agent = agent_cut(sender->agent);
    known_set(KNOWN_AGENT, utf8_valid(agent) ? agent : repair_record(&judge.repair, agent, false));
}

/* How far the sender's clock is behind, in whole steps. */
static int64_t shift_of(struct value sent_at, int64_t received_us)
{
    const struct instant_format any = {.unit = UNIT_AUTO};
    int64_t sent_us;
    if (judge.rules.clock != CLOCK_AUTO || sent_at.text == NULL) return 0;
    buffer_clear(&judge.sent_at);
    buffer_add_slice(&judge.sent_at, value_slice(sent_at)); /* what reads it may look behind it */
    memset(buffer_reserve(&judge.sent_at, VALUE_PADDING), 0, VALUE_PADDING);
    sent_at.text = judge.sent_at.data;
    if (!instant_parse(sent_at, &any, &sent_us)) return 0;
    const int64_t behind_us = received_us - sent_us;
    if (behind_us < CLOCK_STEP_US && behind_us > -CLOCK_STEP_US) return 0;
    const int64_t half_us = behind_us < 0 ? -CLOCK_STEP_US / 2 : CLOCK_STEP_US / 2;
    return (behind_us + half_us) / CLOCK_STEP_US * CLOCK_STEP_US;
}

/* The first reason that has been counted since. */
static const char *reason_since(const struct stats *before, const struct stats *now)
{
    for (int reason = 1; reason < REASON_COUNT; reason++)
        if (now->rejected_by[reason] != before->rejected_by[reason])
            return reason_name((enum reason)reason);
    return NULL;
}

struct judgement judge_take(const struct body *body, const struct sender *sender)
{
    struct loop *const l = &judge.loop;
    const struct stats before = l->stats;
    struct origin origin = {.input = &judge.input, .partition = -1, .offset = -1};

    sender_set(sender);
    judge.shift_us = shift_of(body->sent_at, sender->received_us);
    for (size_t i = 0; i < body->count; i++) {
        origin.line_number = i + 1;
        const struct body_record *const record = &body->record[i];
        origin.raw = record->text;
        format_followed(judge.input.reading,
                        record->is_whole ? record->text : (struct slice){.text = NULL});
        translated_take(l, &origin, origin.raw);
    }
    batch_deliver(&l->admission.batch);
    const uint64_t no_json =
        l->stats.rejected_by[REASON_NOT_JSON] - before.rejected_by[REASON_NOT_JSON] +
        l->stats.rejected_by[REASON_BAD_UTF8] - before.rejected_by[REASON_BAD_UTF8];
    const struct judgement made = {
        .records = l->stats.read - before.read,
        .rejected = l->stats.rejected - before.rejected,
        .used = l->stats.read - before.read - (l->stats.rejected - before.rejected),
        .reason = reason_since(&before, &l->stats),
        .nothing = no_json != 0 && no_json == l->stats.read - before.read,
    };
    return made;
}

struct slice judge_rows(void)
{
    return buffer_slice(&judge.loop.output.buffer);
}

void judge_clear(void)
{
    struct loop *const l = &judge.loop;
    buffer_trim(&l->output.buffer, (size_t)1 << 20);
    judge.before = (struct group){.stats = l->stats,
                                  .produced = judge.parsing.produced,
                                  .repaired = judge.parsing.format.repair.repaired,
                                  .rejects = l->rejects_output.buffer.len};
}

void judge_counters(uint64_t *produced, uint64_t *repaired)
{
    *produced = judge.parsing.produced;
    *repaired = judge.parsing.format.repair.repaired;
}

void judge_undo(void)
{
    struct loop *const l = &judge.loop;
    l->stats = judge.before.stats;
    judge.parsing.produced = judge.before.produced;
    judge.parsing.format.repair.repaired = judge.before.repaired;
    l->rejects_output.buffer.len = judge.before.rejects;
    judge_clear();
}
