#include "run/prepare.h"

#include "base/die.h"
#include "base/memory.h"
#include "event/members.h"
#include "expr/epoch.h"
#include "run/common_options.h"
#include "run/hint.h"
#include "run/partitions.h"
#include "run/refusals.h"
#include "run/signals.h"

static void number_members(struct run *run)
{
    struct list names = {0};
    option_items(&names, "number", &options->number, LIST_NAMES);
    if (options->decimal_comma && names.count == 0)
        die_usage("--decimal-comma is for the members of --number: name them");
    run->schema.decimal_comma = run->misnumbers.decimal_comma = options->decimal_comma;
    for (size_t i = 0; i < names.count; i++) {
        const struct slice name = names.item[i].name;
        const int slot = member_need(&run->schema, name, "number");
        if (slot < SLOT_CANONICAL)
            die_usage("--number: %s is always text (one of the twelve members of an event)",
                      name.text);
        run->schema.number |= UINT64_C(1) << slot;
    }
    list_release(&names);
}

/* For a table of events: the twelve members that all have. */
static void event_columns(struct run *run)
{
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        rows_column(run->rows, run->schema.name[slot],
                    slot == SLOT_EVENT_TIME ? COLUMN_TIME : COLUMN_TEXT, (struct slice){0});
}

/* --key of a tool whose rows are the events themselves. */
static void key_members(struct run *run)
{
    if (options->key == NULL) return;
    struct list names = {0};
    (void)list_add(&names, LIST_NAMES, slice_of(options->key)); /* rows_new has judged it */
    for (size_t i = 0; i < names.count; i++)
        if (schema_need(&run->schema, names.item[i].name) < 0)
            die_usage("--key: too many members are looked at");
    list_release(&names);
}

static void where_compile(struct admission *a, struct schema *schema)
{
    a->where_count = options->where.count;
    a->where = memory_zero(a->where_count + 1, sizeof a->where[0]);
    struct buffer why = {0};
    for (size_t i = 0; i < a->where_count; i++) {
        a->where[i] = expr_compile_condition(options->where.text[i], schema, &why);
        if (a->where[i] == NULL) die_usage("--where: %.*s", (int)why.len, why.data);
    }
    while (options->merge && a->where_count > 0) /* the rows are made of what it selected */
        expr_free(a->where[--a->where_count]);
    buffer_release(&why);
}

static void strict_stop(void *context)
{
    loop_flush(context);
    die("--strict: stopped at the first refused or late record");
}

static void admission_flush(void *context)
{
    loop_flush(context);
}

/* The command, in a range of --jobs, leaves the event to the run. */
static void event_leave(void *context, const struct pending *pending)
{
    struct loop *const l = context;
    const struct handover_record record = {.input_number =
                                               (uint32_t)(pending->origin.input - l->inputs.input),
                                           .line = pending->origin.line_number,
                                           .raw = pending->origin.raw};
    handover_event(&l->handover.buffer, &pending->ev, l->members, l->lined, &record);
}

static void batch_left(void *context)
{
    struct loop *const l = context;
    if (l->handover.buffer.len != 0) output_row_done(&l->handover);
}

/* What admission has to know, from the options and the command. */
static void admission_set(struct loop *l)
{
    struct admission *const a = &l->admission;
    struct run *const run = &l->run;
    a->analysis = l->analysis;
    a->run = run;
    a->inputs = &l->inputs;
    a->time = options->time;
    a->time_field = options->time_field;
    a->max_jump_us = options->max_jump_us;
    a->flush = admission_flush;
    a->stop_signal = &stop_signal;
    a->context = l;
    a->time_slot = schema_need(&run->schema, slice_of(options->time_field));
    const bool of_partitions = options->merge && !run->settings.sorted;
    if (of_partitions) run->fault = "--merge: no row of --by-partition with the same other options";
    a->partition_slot = of_partitions ? schema_need(&run->schema, SLICE("partition")) : -1;
    a->final_slot =
        options->merge || run->settings.rows ? schema_need(&run->schema, SLICE("final")) : -1;
    if (a->time_slot < 0 || (of_partitions && a->partition_slot < 0))
        die_usage("too many members are looked at");
    if (options->dedup_us != 0) (void)schema_need(&run->schema, SLICE("event_id"));
    a->scanner = scanner_new(&run->schema);
    clock_init(&a->clock, run->settings.lateness_us, options->idle_us);
    partitions_name(l);
    dedup_init(&a->dedup, options->dedup_us);
    wallclock_init(&a->wallclock, options->max_ahead_us);
    a->fates = (struct fates){
        .stats = &l->stats,
        .rejects = {.what = "rejected", .option = "--rejects"},
        .late = {.what = "late", .option = "--late"},
        .inputs = &l->inputs,
        .time_field = options->time_field,
        .has_state = run->settings.has_state,
        .stop = options->strict ? strict_stop : NULL,
        .context = l,
    };
    a->batch = (struct batch){
        .analysis = l->analysis,
        .run = run,
        .fates = &a->fates,
        .clock = &a->clock,
        .dedup = &a->dedup,
        .max_keys = (uint64_t)options->max_keys,
        .leave = event_leave,
        .left = batch_left,
        .context = l,
    };
    a->batch.witness = &a->witness;
    if (!options->merge) /* rows have what was made of the members named, and are refused without */
        witness_begin(&a->witness, &run->schema, hint_slots(&run->schema));
    run->schema.names = witness_wants_names(&a->witness);
    batch_init(&a->batch, run->schema.count);
    admission_begin(a);
}

void prepare(struct loop *l)
{
    struct run *run = &l->run;
    schema_init(&run->schema);
    run->first_time_us = run->behind_time_us = INT64_MAX;
    run->end_time_us = TIME_NONE;
    run->finished_us = INT64_MIN;
    run->settings = common_options_settle(l->tool);
    run->inputs = &l->inputs;
    options_refuse(l->tool);
    const char *why;
    const struct rows_options rows_options = {
        .format = (enum encoding_kind)options->format,
        .key = options->key,
        .order_by = options->order_by,
        .top = options->top,
        .ties = options->ties,
        .pad = options->pad,
    };
    run->rows = rows_new(&l->output, &rows_options, &why);
    if (why != NULL) die_usage("%s", why);
    number_members(run);
    if ((l->tool->flags & TOOL_ALL_MEMBERS) != 0) run->schema.all = true;
    if ((l->tool->flags & TOOL_EVENTS) != 0 || run->settings.sorted) key_members(run);
    if ((l->tool->flags & TOOL_EVENTS) != 0) event_columns(run);
    epoch_format(&options->time);
    l->analysis = l->tool->start(run);
    if (options->state != NULL && l->analysis->save == NULL)
        die_usage(run->settings.sorted
                      ? "--state: --merge of this tool reads whole files, or pipes, in one run"
                      : "--state: not with --keep-frame: the tools behind it know the positions");
    l->members = run->schema.needed;
    l->lined = run->schema.lined;
    if (options->merge || run->settings.rows)
        run->schema.apart = 0; /* who made the rows was told */
    where_compile(&l->admission, &run->schema);
    admission_set(l);
    why = rows_check(run->rows);
    if (why != NULL) die_usage("%s", why);
}
