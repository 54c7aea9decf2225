#include "run/tool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admit/arrival.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/streams.h"
#include "event/members.h"
#include "expr/epoch.h"
#include "run/apart.h"
#include "run/checkpoint.h"
#include "run/crew.h"
#include "run/intake.h"
#include "run/jobs.h"
#include "run/loop.h"
#include "run/metrics.h"
#include "run/outputs.h"
#include "run/partitions.h"
#include "run/prepare.h"
#include "run/range.h"
#include "run/relay.h"
#include "run/common_options.h"
#include "run/hint.h"
#include "run/signals.h"
#include "run/summary.h"
#include "run/tick.h"
#include "writer/whole.h"

static struct loop loop;

static bool partial_is_stream(void)
{
    return options->partial != NULL && strcmp(options->partial, "-") == 0;
}

/* What every name is for. Nothing has been opened yet. */
static void paths_gather(char **operands, int count)
{
    const struct {
        const char *option, *name;
        enum path_use use;
    } table[] = {
        {"--view", option_file_name(), PATH_READ},
        {"--output", options->output, PATH_WRITTEN},
        {"--rejects", options->rejects, PATH_RECORDS},
        {"--late", options->late, PATH_RECORDS},
        {"--stats", options->stats_file, PATH_REPORT},
        {"--state", options->state, PATH_STATE},
        {"--spool", options->spool, PATH_SEGMENTS},
        {"--stats-ends", options->stats_ends, PATH_READ},
        {"--partial", partial_is_stream() ? NULL : options->partial, PATH_REPORT},
    };
    bool stdin_read = count == 0;
    for (int i = 0; i < count; i++)
        stdin_read |= strcmp(operands[i], "-") == 0;
    if (stdin_read) paths_note_stream("standard input", STDIN_FILENO, true);
    if (options->output == NULL && options->spool == NULL &&
        (options->partial == NULL || partial_is_stream()))
        paths_note_stream("standard output", STDOUT_FILENO, false);
    paths_note_stream("standard error", STDERR_FILENO, false);
    for (int i = 0; i < count; i++)
        if (strcmp(operands[i], "-") != 0) paths_note(NULL, operands[i], PATH_READ);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].name != NULL) paths_note(table[i].option, table[i].name, table[i].use);
}

static void explain(struct loop *l)
{
    output_standard(&l->output);
    struct buffer text = {0};
    for (size_t i = 0; i < l->admission.where_count; i++) {
        buffer_add_literal(&text, "where    ");
        expr_explain(l->admission.where[i], &text);
        buffer_add_char(&text, '\n');
    }
    if (l->analysis->explain != NULL) l->analysis->explain(&l->run, &text);
    if (options->time.zone != NULL)
        buffer_printf(&text, "times    without a zone are of %s\n", options->time.zone->name);
    buffer_add_literal(&text, "members ");
    for (int slot = 0; slot < l->run.schema.count; slot++) {
        if (!schema_needs(&l->run.schema, slot)) continue;
        buffer_add_char(&text, ' ');
        json_add_escaped(&text, l->run.schema.name[slot]);
    }
    buffer_printf(&text, "%s\nscanner  %s\n", l->run.schema.whole ? " (and the whole line)" : "",
                  scanner_kernel());
    if (l->run.schema.whole) buffer_printf(&text, "libjq    %s\n", expr_limits());
    struct buffer bound = {0};
    option_fingerprint(&bound);
    buffer_add_literal(&text, "state    bound to ");
    for (const char *at = bound.data, *end = at + bound.len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        json_add_escaped(&text, (struct slice){.text = at, .len = (size_t)(newline - at)});
        at = newline + 1;
        if (at < end) buffer_add_char(&text, ' ');
    }
    buffer_add_char(&text, '\n');
    buffer_release(&bound);
    buffer_add_slice(&l->output.buffer, buffer_slice(&text));
    buffer_release(&text);
    output_close(&l->output);
    exit(EXIT_DONE);
}

/* What stands behind "sql:"; without it, a table is called as the tool, without its "cs-". */
static struct slice schema_name(const struct loop *l)
{
    const char *const value = options->schema;
    if (strcmp(value, "sql") == 0) return slice_of(strchr(l->tool->name, '-') + 1);
    if (strncmp(value, "sql:", 4) != 0)
        die_usage("--print-schema: must be sql or sql:TABLE, not '%s'", value);
    if (!relation_name_valid(slice_of(value + 4)))
        die_usage("--print-schema: '%s': a table is called NAME or SCHEMA.NAME, of letters, digits "
                  "and _, each with 63 of them at most",
                  value + 4);
    return slice_of(value + 4);
}

/* A table for the rows; its comment is the command line that prints them. */
static void schema_print(struct loop *l, int argc, char **argv)
{
    const struct slice name = schema_name(l);
    struct buffer about = {0};
    if ((l->tool->flags & TOOL_EVENTS) != 0)
        rows_column(l->run.rows, SLICE("rest"), COLUMN_DOCUMENT, SLICE("all other members"));
    buffer_printf(&about, "rows of %s", l->tool->name);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--print-schema", sizeof "--print-schema" - 1) != 0)
            buffer_printf(&about, " %s", argv[i]);
    output_standard(&l->output);
    const char *const why =
        relation_print(&l->run.rows->relation, name, buffer_slice(&about), &l->output.buffer);
    if (why != NULL) die_usage("--print-schema: %s", why);
    buffer_release(&about);
    output_close(&l->output);
    exit(EXIT_DONE);
}

/* So long nothing has to come before the command is told of a pause: much longer than a writer that
 * has more needs to bring it, so that rows do not depend on the sizes of its pieces. */
#define PAUSE_US INT64_C(1000000)

/* How long until then; INT64_MAX: it has been told, or does not want to know. */
static int64_t pause_due(const struct loop *l)
{
    if (l->analysis->pause == NULL || l->paused_us >= PAUSE_US) return INT64_MAX;
    return PAUSE_US - l->paused_us;
}

static void pause_note(struct loop *l, int64_t waited_us)
{
    const bool is_told = waited_us >= pause_due(l);
    l->paused_us += waited_us;
    if (is_told) l->analysis->pause(&l->run);
}

static void wait_for_input(struct loop *l, int64_t due_us)
{
    loop_flush(l);
    const int64_t idle_us = clock_next_idle(&l->admission.clock);
    const int64_t pause_us = pause_due(l);
    if (idle_us < due_us) due_us = idle_us;
    if (pause_us < due_us) due_us = pause_us;
    const int64_t waited_us = inputs_wait(&l->inputs, due_us);
    pause_note(l, waited_us);
    if (options->idle_us == 0) return;
    clock_waited(&l->admission.clock, waited_us);
    if (clock_all_released(&l->admission.clock)) admission_release_all(&l->admission);
    batch_deliver(&l->admission.batch);
}

static void damaged_stop(struct loop *l)
{
    batch_deliver(&l->admission.batch);
    loop_flush(l);
    die("--strict: stopped at the first damaged input");
}

static void input_ended(struct loop *l, struct input *input)
{
    const bool is_file = input->regular && !l->run.settings.interleave;
    if (input->damaged && options->strict) damaged_stop(l);
    for (int i = l->inputs.first; i < l->inputs.count; i++) {
        const struct input *other = &l->inputs.input[i];
        if (is_file && other->regular && !other->ended) return; /* the next file goes on */
    }
    if (l->run.settings.has_state || l->more_follows) return;
    for (int i = 0; i < l->admission.clock.count; i++) {
        struct partition *partition = l->admission.clock.partition[i];
        const struct input *source = partition->source;
        const bool brought = source != NULL && (source == input || (is_file && source->regular));
        if (partition != input->partition && !brought) continue;
        if (partition->holding) admission_release(&l->admission, partition);
        clock_end(&l->admission.clock, partition);
    }
    batch_deliver(&l->admission.batch);
}

/* All input has been read, and no signal came before. */
static bool input_over;

static void read_everything(struct loop *l)
{
    while (stop_signal == 0) {
        struct input *input;
        const enum input_status status = inputs_next(&l->inputs, &input);
        if (status == INPUT_END) {
            input_over = true;
            break;
        }
        if (reopen_wanted && !l->in_range) {
            reopen_wanted = 0;
            outputs_reopen(l);
        }
        const int64_t due_us = tick(l);
        if (status == INPUT_WAIT) {
            wait_for_input(l, due_us);
            continue;
        }
        l->paused_us = 0;
        wallclock_read(&l->admission.wallclock);
        if (l->look != NULL) l->look(l, input);
        intake_take(l, input);
        if (input->ended) input_ended(l, input);
        if (l->admission.batch.full && l->in_range)
            return; /* the run will read it again, and say so */
        checkpoint_full(l);
    }
}

/* With a state the end of the input closes nothing, but time may be further than any event has
 * shown (clock_end_time), or somebody is not waited for any more. */
static void time_settle(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    struct batch *const batch = &l->admission.batch;
    const int64_t end_us = clock_end_time(clock);
    batch_deliver(batch);
    if (end_us > clock->floor_us) clock->floor_us = end_us;
    const int64_t time_us = clock_watermark(clock);
    if (time_us == TIME_NONE || time_us <= batch->announced_us) return;
    batch->announced_us = time_us;
    if (l->analysis->advance != NULL) l->analysis->advance(&l->run, time_us);
}

/* A partition's first event waits for its second, to be compared with it. Where all that there was
 * has been read, it waits no longer. */
static void firsts_release(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    clock_sort(clock);
    for (int i = 0; i < clock->count; i++) {
        struct partition *partition = clock->partition[i];
        if (partition->holding && partition->largest_us == TIME_NONE &&
            partition->end_us != TIME_NONE)
            admission_release(&l->admission, partition);
    }
}

/* --end: time goes as far as where the whole of the input ends of which this is a part. An event
 * behind that says that it ends later. */
static void time_end(struct loop *l)
{
    const int64_t largest_us = l->admission.clock.largest_us;
    struct buffer end = {0}, largest = {0};
    if (stop_signal != 0 || options->end_us == INT64_MIN || largest_us == TIME_NONE) return;
    if (largest_us <= options->end_us) {
        l->admission.clock.largest_us = l->run.end_time_us = options->end_us;
        return;
    }
    loop_flush(l);
    instant_print(&end, options->end_us);
    instant_print(&largest, largest_us);
    die("--end: %.*s is before the last event's time, %.*s: the largest of all parts is needed "
        "(\"event_time\" of --stats)",
        (int)end.len, end.data, (int)largest.len, largest.data);
}

static void finish(struct loop *l)
{
    if (options->merge && !l->run.settings.sorted && input_over) partitions_silent(l);
    if (options->state != NULL && input_over && !options->merge) {
        firsts_release(l);
        time_settle(l);
    }
    /* Only the end of the input flushes: when a signal ends the run, the next one goes on. */
    const bool flushes =
        options->flush && input_over && !wallclock_in_doubt(&l->admission.wallclock);
    if (options->state != NULL && !flushes) return;
    admission_release_all(&l->admission);
    batch_deliver(&l->admission.batch);
    checkpoint_full(l);
    time_end(l);
    if (l->admission.clock.largest_us != TIME_NONE &&
        l->admission.clock.largest_us > l->admission.batch.announced_us) {
        l->admission.batch.announced_us = l->admission.clock.largest_us;
        if (l->analysis->advance != NULL)
            l->analysis->advance(&l->run, l->admission.batch.announced_us);
    }
    if (l->analysis->finish != NULL) l->analysis->finish(&l->run);
    /* For the run that goes on after --flush. */
    if (l->admission.batch.announced_us > l->admission.clock.floor_us)
        l->admission.clock.floor_us = l->admission.batch.announced_us;
    if (l->run.finished_us > l->admission.clock.floor_us)
        l->admission.clock.floor_us = l->run.finished_us;
}

static void start(struct loop *l, int argc, char **argv)
{
    notify_open(&l->notify);
    const int operand = common_options_parse(l->tool, argc, argv);
    if (options->show_position) checkpoint_show(l);
    held_bound((size_t)(options->max_memory != 0 ? options->max_memory : machine_memory() / 2));
    prepare(l);
    if (options->schema != NULL) schema_print(l, argc, argv);
    if (options->explain) explain(l);
    paths_gather(argv + operand, argc - operand);
    paths_check();
    expr_begin();
    /* Before anything is held or opened: whoever sees that it is may send a signal. */
    l->inputs.wake_fd = signals_catch(options->state != NULL, outputs_named());
    checkpoint_open(l);
    l->inputs.encoding = options->encoding;
    l->inputs.jobs = crew_count(options->jobs);
    if (options->merge_partials)
        apart_open(l, argv + operand, argc - operand);
    else
        inputs_open(&l->inputs, argv + operand, argc - operand, l->run.settings.interleave);
    partitions_of_inputs(l);
    checkpoint_seek(l);
    clock_begin(&l->admission.clock);
    partitions_resume(l);
    if (options->stats_file != NULL) whole_check(options->stats_file);
    outputs_open(l);
    rows_open(l->run.rows, isatty(l->output.fd));
    checkpoint_resume(l);
    if (l->output_unknown) checkpoint_now(l);
    tick_begin();
    bool only_files = true;
    for (int i = 0; i < l->inputs.count; i++)
        only_files &= l->inputs.input[i].regular;
    progress_init(&l->progress, options->progress,
                  only_files && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO));
    notify_ready(&l->notify);
}

/* Giving back the memory of a million sessions takes longer than saving them, and the process ends
 * anyway: it is done where somebody looks for leaks. */
#if defined(__SANITIZE_ADDRESS__)
static const bool leaks_looked_for = true;
#elif defined(__has_feature)
static const bool leaks_looked_for = __has_feature(address_sanitizer);
#else
static const bool leaks_looked_for = false;
#endif

static void release(struct loop *l, struct buffer *head)
{
    buffer_release(head);
    for (int i = 0; i < l->inputs.count; i++)
        if (l->inputs.input[i].reading != NULL) l->run.translator->end(l->inputs.input[i].reading);
    if (l->tool->release != NULL) l->tool->release(&l->run);
    admission_end(&l->admission);
    buffer_release(&l->json);
    buffer_release(&l->head);
    buffer_release(&l->events);
    checkpoint_release();
    inputs_release(&l->inputs);
    apart_release();
    rows_free(l->run.rows);
    schema_release(&l->run.schema);
    misnumber_release(&l->run.misnumbers);
    paths_release();
    common_options_release();
    option_release();
}

static void read_with_jobs(struct loop *l)
{
    if (options->merge_partials) {
        apart_merge(l, read_everything);
        return;
    }
    const int count = crew_count(options->jobs);
    l->whole_files = range_is_files(l, count);
    if ((l->whole_files || range_possible(l, count)) &&
        (relay_run(l, count, read_everything) || jobs_run(l, count, read_everything)))
        return;
    read_everything(l);
}

int tool_main(const struct tool *tool, int argc, char **argv)
{
    struct loop *l = &loop;
    message_name(tool->name);
    memory_return_early();
    streams_occupy();
    l->tool = tool;
    struct buffer head = {0};
    buffer_printf(&head, "Usage: %s [OPTION]... [FILE]...\n%s\n%c", tool->name, tool->summary,
                  '\0');
    option_help_texts(head.data, "\nEvents, times, expressions and exit codes: clickstream(7).\n");
    start(l, argc, argv);
    if (options->range.count != 0) {
        apart_write(l, read_everything);
        if (leaks_looked_for) release(l, &head);
        return EXIT_DONE;
    }
    read_with_jobs(l);
    notify_stopping(&l->notify);
    if (stop_signal != 0 && !input_over) l->run.cut_short = "the run was stopped";
    if (l->inputs.damaged != 0) l->run.cut_short = "an input is damaged";
    finish(l);
    checkpoint_last(l);
    if (l->analysis->end != NULL) l->analysis->end(&l->run);
    checkpoint_torn(l);
    progress_end(&l->progress, l->inputs.bytes_read);
    loop_flush(l);
    misnumber_tell(&l->run.misnumbers);
    hint_encoding(l);
    if (options->stats) summary_write(l);
    if (options->spool != NULL) spool_close(&l->spool);
    output_close(&l->output);
    if (options->rejects != NULL) output_close(&l->rejects_output);
    if (l->admission.fates.late.output == &l->late_output) output_close(&l->late_output);
    notify_close(&l->notify);
    const int status = hint_end(l);
    if (leaks_looked_for) release(l, &head);
    if (stop_signal == SIGINT)
        raise(SIGINT); /* the handler is reset: the caller sees how we ended */
    if (l->run.failed || l->inputs.damaged != 0) return EXIT_FAILED; /* which has been told */
    return status;
}
