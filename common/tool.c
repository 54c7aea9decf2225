#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "instant.h"
#include "jobs.h"
#include "json.h"
#include "loop.h"
#include "machine.h"
#include "memory.h"
#include "range.h"
#include "relay.h"
#include "shared.h"
#include "signals.h"

/* More workers than that help nobody. */
#define JOBS_MAX 256

static struct loop loop;

static void number_members(struct run *run)
{
    for (size_t i = 0; i < shared.number.count; i++) {
        for (const char *from = shared.number.text[i];;) {
            const char *comma = strchrnul(from, ',');
            const struct slice name = {.text = from, .len = (size_t)(comma - from)};
            const int slot = schema_need(&run->schema, name);
            if (name.len == 0 || slot < 0)
                die_usage("--number: '%s' is no list of members", shared.number.text[i]);
            if (slot < SLOT_CANONICAL)
                die_usage("--number: %.*s is always text (one of the twelve members of an event)",
                          (int)name.len, from);
            run->schema.number |= UINT64_C(1) << slot;
            if (*comma == '\0') break;
            from = comma + 1;
        }
    }
}

/* --key of a tool whose rows are the events themselves. */
static void key_members(struct run *run)
{
    for (const char *from = shared.key; from != NULL;) {
        const char *comma = strchrnul(from, ',');
        const struct slice name = {.text = from, .len = (size_t)(comma - from)};
        if (schema_need(&run->schema, name) < 0) die_usage("--key: too many members are looked at");
        from = *comma == '\0' ? NULL : comma + 1;
    }
}

static void where_compile(struct loop *l)
{
    l->where_count = shared.where.count;
    l->where = memory_zero(l->where_count + 1, sizeof l->where[0]);
    struct buffer why = {0};
    for (size_t i = 0; i < l->where_count; i++) {
        if (shared.where.text[i][0] == '\0') die_usage("--where: which expression?");
        l->where[i] = expr_compile(shared.where.text[i], &l->run.schema, &why);
        if (l->where[i] == NULL) die_usage("--where: %.*s", (int)why.len, why.data);
    }
    while (shared.merge && l->where_count > 0) /* the rows are made of what it selected */
        expr_free(l->where[--l->where_count]);
    buffer_release(&why);
}

/* Reads "0,1,2" or "0-11" and makes these partitions. */
static void partitions_name(struct clock *clock)
{
    if (shared.partitions == NULL) return;
    for (const char *from = shared.partitions;;) {
        char *end;
        errno = 0;
        const long long first = strtoll(from, &end, 10);
        long long last = first;
        bool good = end != from && first >= 0;
        if (good && *end == '-') {
            from = end + 1;
            last = strtoll(from, &end, 10);
            good = end != from && last >= first && last - first < 100000;
        }
        if (!good || errno != 0 || (*end != ',' && *end != '\0'))
            die_usage("--partitions: '%s' is no list of partitions (0,1,2 or 0-11)",
                      shared.partitions);
        for (long long number = first; number <= last; number++)
            (void)clock_partition(clock, number);
        if (*end == '\0') break;
        from = end + 1;
    }
}

/* As where a shell variable was not set: better said at once than when the file is needed. */
static void refuse_empty_names(void)
{
    static const struct {
        const char *name;
        const char *const *value;
    } needs[] = {
        {"output", &shared.output},
        {"rejects", &shared.rejects},
        {"late", &shared.late},
        {"state", &shared.state},
        {"spool", &shared.spool},
        {"stats", &shared.stats_file},
        {"time-field", &shared.time_field},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (*needs[i].value != NULL && **needs[i].value == '\0')
            die_usage("--%s: empty: a name is missing", needs[i].name);
}

static void refuse_options(const struct tool *tool)
{
    refuse_empty_names();
    if (!(tool->flags & TOOL_WINDOWS)) {
        static const char *const windows_only[] = {"order-by", "top", "emit"};
        for (size_t i = 0; i < sizeof windows_only / sizeof windows_only[0]; i++)
            if (option_given(windows_only[i]))
                die_usage("--%s: this tool has no windows", windows_only[i]);
    }
    if (!(tool->flags & TOOL_MERGES) && (shared.by_partition || shared.merge))
        die_usage("--%s is for cs-window and cs-funnel", shared.merge ? "merge" : "by-partition");
    if (shared.updates && shared.top != 0) die_usage("--emit=updates does not go with --top");
    if (shared.merge && shared.by_partition)
        die_usage("--merge reads what --by-partition has printed: not both");
    if (shared.state != NULL && (tool->save == NULL || (tool->flags & TOOL_NO_TIME_RULES) != 0))
        die_usage("--state: this tool keeps none (with --keep-frame the tools behind it know the "
                  "positions)");
    if (shared.state == NULL && shared.spool != NULL) die_usage("--spool needs --state");
    if (shared.state == NULL && shared.flush) die_usage("--flush needs --state");
    if (shared.output != NULL && shared.spool != NULL)
        die_usage("--output or --spool: rows go to one of them");
    if (shared.state != NULL && shared.jobs > 1) die_usage("--jobs does not go with --state");
    if (shared.jobs > 1 && shared.idle_us != 0) die_usage("--jobs does not go with --idle");
    if (shared.jobs > 1 && shared.updates) die_usage("--jobs does not go with --emit=updates");
}

/* What the inputs' partitions are before anything is read. */
static void partitions_of_inputs(struct loop *l)
{
    int64_t number = 0;
    struct partition *files = NULL;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        /* Whether its records are framed shows later: until then a partition of no record's number
         * stands in. */
        const bool is_file = input->regular && !shared.interleave;
        if (!is_file || files == NULL) input->partition = clock_partition(&l->clock, -1 - number++);
        if (is_file && files == NULL) files = input->partition;
        if (is_file) input->partition = files;
        input->number = -1 - input->partition->number;
    }
}

/* A file cannot be read and written, or written twice, in one run: it would be cut before anything
 * is read. */
static void output_refuse(const struct loop *l, const char *option, const char *name,
                          const char *other)
{
    struct stat stat_now;
    if (name == NULL || (stat(name, &stat_now) == 0 && !S_ISREG(stat_now.st_mode))) return;
    if (other != NULL && strcmp(name, other) == 0)
        die_usage("%s: '%s' is the --output, too", option, name);
    if (stat(name, &stat_now) != 0) return;
    for (int i = 0; i < l->inputs.count; i++) {
        const struct input *input = &l->inputs.input[i];
        if (input->regular && input->dev == stat_now.st_dev && input->ino == stat_now.st_ino)
            die_usage("%s: '%s' is an input, too", option, name);
    }
}

/* Rows to standard output while a state is kept: only what has a name can be cut back to where the
 * state is. */
static void standard_output_check(struct output *output)
{
    struct stat stat;
    if (shared.state == NULL || fstat(output->fd, &stat) != 0) return;
    if (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode))
        message("standard output is a pipe: a crash may lose or repeat rows on their way "
                "(--output, --spool do not)");
    output->file = S_ISREG(stat.st_mode);
}

static void outputs_open(struct loop *l)
{
    output_refuse(l, "--output", shared.output, NULL);
    output_refuse(l, "--rejects", shared.rejects, shared.output);
    output_refuse(l, "--late", shared.late, shared.output);
    output_refuse(l, "--stats", shared.stats_file, shared.output);
    if (shared.stats_file != NULL) stats_check(shared.stats_file);
    if (shared.spool != NULL) {
        spool_open(&l->spool, shared.spool, l->spool.named, &l->output);
    } else if (shared.output != NULL) {
        output_file(&l->output, shared.output, l->length.output);
    } else {
        output_standard(&l->output);
        standard_output_check(&l->output);
    }
    l->rejects = (struct rejects){.what = "rejected", .option = "--rejects"};
    l->late = (struct rejects){.what = "late", .option = "--late"};
    if (shared.rejects != NULL) {
        output_file(&l->rejects_output, shared.rejects, l->length.rejects);
        l->rejects.output = &l->rejects_output;
    }
    if (shared.late != NULL && shared.rejects != NULL && strcmp(shared.late, shared.rejects) == 0) {
        l->late.output = &l->rejects_output;
    } else if (shared.late != NULL) {
        output_file(&l->late_output, shared.late, l->length.late);
        l->late.output = &l->late_output;
    }
}

static void explain(struct loop *l)
{
    output_standard(&l->output);
    struct buffer text = {0};
    for (size_t i = 0; i < l->where_count; i++) {
        buffer_add_literal(&text, "where    ");
        expr_explain(l->where[i], &text);
        buffer_add_char(&text, '\n');
    }
    if (l->tool->explain != NULL) l->tool->explain(&l->run, &text);
    buffer_add_literal(&text, "members ");
    for (int slot = 0; slot < l->run.schema.count; slot++) {
        if (!schema_needs(&l->run.schema, slot)) continue;
        buffer_add_char(&text, ' ');
        json_add_escaped(&text, l->run.schema.name[slot]);
    }
    buffer_printf(&text, "%s\nscanner  %s\n", l->run.schema.whole ? " (and the whole line)" : "",
                  scanner_kernel());
    struct buffer bound = {0};
    option_fingerprint(&bound);
    buffer_add_literal(&text, "state    bound to ");
    for (size_t i = 0; i + 1 < bound.len; i++) {
        if (bound.data[i] == '\n')
            buffer_add_char(&text, ' ');
        else
            json_add_escaped(&text, (struct slice){.text = bound.data + i, .len = 1});
    }
    buffer_add_char(&text, '\n');
    buffer_release(&bound);
    buffer_add_slice(&l->output.buffer, buffer_slice(&text));
    buffer_release(&text);
    output_close(&l->output);
    exit(EXIT_DONE);
}

void loop_flush(struct loop *l)
{
    rows_flush(l->run.rows);
    if (l->rejects.output != NULL) output_flush(l->rejects.output);
    if (l->late.output != NULL) output_flush(l->late.output);
}

/* Brings the counters together. */
void loop_count(struct loop *l)
{
    l->stats.late_windows = l->run.counters.late_windows;
    l->stats.expired = l->run.counters.expired;
    l->stats.not_numbers = l->run.counters.not_numbers;
    l->stats.expression_errors = expr_errors;
    l->stats.rows = l->rows_before + rows_count(l->run.rows);
}

static void stats_write(struct loop *l)
{
    loop_count(l);
    struct buffer more = {0};
    if (l->tool->stats != NULL) l->tool->stats(&l->run, &more);
    struct stats stats = l->stats;
    for (int i = 0; i < l->clock.count; i++) /* what is held has not been judged */
        stats.read -= l->clock.partition[i]->holding && !l->clock.partition[i]->held_counted;
    const struct stats_moment moment = {
        .tool = l->tool->name,
        .keys = loop_keys(l),
        .memory = held.total,
        .bytes = l->inputs.bytes_read,
        .event_time_us = l->clock.largest_us,
        .watermark_us = l->told_us,
        .more = buffer_slice(&more),
    };
    stats_put(&stats, &moment, shared.stats_file);
    buffer_release(&more);
}

int64_t loop_tick(struct loop *l)
{
    if (stats_wanted) {
        stats_wanted = 0;
        stats_write(l);
    }
    int64_t wait_us = checkpoint_tick(l);
    if (shared.updates) {
        const int64_t steady_us = instant_steady();
        if (steady_us >= l->updates_due_us) {
            if (l->tool->updates != NULL) l->tool->updates(&l->run);
            rows_flush(l->run.rows);
            l->updates_due_us = steady_us + shared.updates_us;
        }
        if (l->updates_due_us - steady_us < wait_us) wait_us = l->updates_due_us - steady_us;
    }
    progress_show(&l->progress, l->inputs.bytes_read, l->inputs.bytes_total);
    const int64_t silent_us = notify_tick(&l->notify);
    return silent_us < wait_us ? silent_us : wait_us;
}

static void wait_for_input(struct loop *l, int64_t due_us)
{
    loop_flush(l);
    const int64_t idle_us = clock_next_idle(&l->clock);
    const int64_t waited_us = inputs_wait(&l->inputs, idle_us < due_us ? idle_us : due_us);
    if (shared.idle_us == 0) return;
    clock_waited(&l->clock, waited_us);
    if (clock_all_released(&l->clock)) intake_release_all(l);
    intake_run(l);
}

static void input_ended(struct loop *l, struct input *input)
{
    const bool is_file = input->regular && !shared.interleave;
    for (int i = l->inputs.first; i < l->inputs.count; i++) {
        const struct input *other = &l->inputs.input[i];
        if (is_file && other->regular && !other->ended) return; /* the next file goes on */
    }
    if (l->run.settings.has_state || l->more_follows) return;
    for (int i = 0; i < l->clock.count; i++) {
        struct partition *partition = l->clock.partition[i];
        const struct input *source = partition->source;
        const bool brought = source != NULL && (source == input || (is_file && source->regular));
        if (partition != input->partition && !brought) continue;
        if (partition->holding) intake_release(l, partition);
        clock_end(&l->clock, partition);
    }
    intake_run(l);
}

static void read_everything(struct loop *l)
{
    while (stop_signal == 0) {
        struct input *input;
        const enum input_status status = inputs_next(&l->inputs, &input);
        if (status == INPUT_END) break;
        const int64_t due_us = loop_tick(l);
        if (status == INPUT_WAIT) {
            wait_for_input(l, due_us);
            continue;
        }
        l->now_us = instant_now();
        intake_take(l, input);
        if (input->ended) input_ended(l, input);
        if (l->full && l->run.in_range) return; /* the run will read it again, and say so */
        checkpoint_full(l);
    }
}

static void finish(struct loop *l)
{
    if (shared.state != NULL && !shared.flush) return; /* the next run goes on */
    intake_release_all(l);
    intake_run(l);
    checkpoint_full(l);
    if (l->clock.largest_us != TIME_NONE && l->clock.largest_us > l->told_us) {
        l->told_us = l->clock.largest_us;
        if (l->tool->advance != NULL) l->tool->advance(&l->run, l->told_us);
    }
    if (l->tool->finish != NULL) l->tool->finish(&l->run);
    /* For the run that goes on after --flush. */
    if (l->told_us > l->clock.floor_us) l->clock.floor_us = l->told_us;
    if (l->run.finished_us > l->clock.floor_us) l->clock.floor_us = l->run.finished_us;
}

/* A standard stream that is closed would be taken by the next file opened, and rows would go into
 * that. What stands there instead is opened the wrong way round: using it fails, as it should. */
static void streams_occupy(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static void start(struct loop *l, int argc, char **argv)
{
    notify_open(&l->notify);
    const int operand = option_parse(argc, argv, l->tool->options, shared_options);
    if (shared.show_position) checkpoint_show(l);
    held_bound((size_t)(shared.max_memory != 0 ? shared.max_memory : machine_memory() / 2));
    struct run *run = &l->run;
    schema_init(&run->schema);
    run->first_time_us = INT64_MAX;
    run->end_time_us = TIME_NONE;
    run->border_us = run->finished_us = INT64_MIN;
    run->settings = (struct settings){
        .lateness_us = shared.merge ? 0 : shared.lateness_us,
        .idle_us = shared.idle_us,
        .has_state = shared.state != NULL,
        .by_partition = shared.by_partition,
        .merge = shared.merge,
        .updates = shared.updates,
        .max_keys = shared.max_keys,
    };
    refuse_options(l->tool);
    const char *why;
    run->rows = rows_new(&l->output, shared.key, shared.order_by, shared.top, shared.pad, &why);
    if (why != NULL) die_usage("%s", why);
    number_members(run);
    if ((l->tool->flags & TOOL_ALL_MEMBERS) != 0) {
        run->schema.all = true;
        key_members(run);
    }
    if (l->tool->start != NULL) l->tool->start(run);
    l->members = run->schema.needed;
    where_compile(l);
    if (shared.merge || run->settings.rows) {
        shared.time_field = "window_start";
        shared.max_jump_us = shared.max_ahead_us = 0;
        run->settings.lateness_us = 0;
    }
    if ((l->tool->flags & TOOL_NO_TIME_RULES) != 0) {
        if (!option_given("max-jump")) shared.max_jump_us = 0;
        if (!option_given("max-ahead")) shared.max_ahead_us = 0;
    }
    if (shared.time_field == NULL) shared.time_field = "event_time";
    l->time_slot = schema_need(&run->schema, slice_of(shared.time_field));
    l->partition_slot = shared.merge ? schema_need(&run->schema, SLICE("partition")) : -1;
    l->final_slot =
        shared.merge || run->settings.rows ? schema_need(&run->schema, SLICE("final")) : -1;
    if (l->time_slot < 0 || (shared.merge && l->partition_slot < 0))
        die_usage("too many members are looked at");
    if (shared.dedup_us != 0) (void)schema_need(&run->schema, SLICE("event_id"));
    why = rows_check(run->rows);
    if (why != NULL) die_usage("%s", why);

    l->told_us = TIME_NONE;
    clock_init(&l->clock, run->settings.lateness_us, shared.idle_us);
    partitions_name(&l->clock);
    dedup_init(&l->dedup, shared.dedup_us);
    l->scanner = scanner_new(&run->schema);
    l->values =
        memory_zero((size_t)(BATCH_MAX + 1) * (size_t)(run->schema.count + 1), sizeof l->values[0]);
    for (int i = 0; i <= BATCH_MAX; i++)
        l->batch[i].ev.value = l->values + (size_t)i * (size_t)(run->schema.count + 1);
    if (shared.explain) explain(l);
    /* Before anything is held or opened: whoever sees that it is may send a signal. */
    l->inputs.wake_fd = signals_catch(shared.state != NULL);
    checkpoint_open(l);
    inputs_open(&l->inputs, argv + operand, argc - operand, shared.interleave);
    partitions_of_inputs(l);
    checkpoint_seek(l);
    outputs_open(l);
    checkpoint_resume(l);
    l->now_us = instant_now();
    l->updates_due_us = instant_steady() + shared.updates_us;
    bool only_files = true;
    for (int i = 0; i < l->inputs.count; i++)
        only_files &= l->inputs.input[i].regular;
    progress_init(&l->progress, shared.progress,
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

static void release(struct loop *l)
{
    for (int i = 0; i < l->inputs.count; i++)
        if (l->inputs.input[i].reading != NULL) l->run.translator->end(l->inputs.input[i].reading);
    if (l->tool->release != NULL) l->tool->release(&l->run);
    for (size_t i = 0; i < l->where_count; i++)
        expr_free(l->where[i]);
    free(l->where);
    free(l->values);
    buffer_release(&l->json);
    buffer_release(&l->events);
    buffer_release(&l->detail);
    buffer_release(&l->plain);
    scanner_free(l->scanner);
    positions_release(&l->positions);
    dedup_release(&l->dedup);
    clock_release(&l->clock);
    inputs_release(&l->inputs);
    rows_free(l->run.rows);
    schema_release(&l->run.schema);
    option_release();
}

static void read_with_jobs(struct loop *l)
{
    const int count = (int)(shared.jobs < JOBS_MAX ? shared.jobs : JOBS_MAX);
    if (range_possible(l, count) &&
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
    buffer_printf(&head, "Usage: %s [OPTION]... [FILE]...\n%s\n\nOptions:\n%c", tool->name,
                  tool->summary, '\0');
    option_help_texts(head.data, "\nEvents, times, expressions and exit codes: clickstream(7).\n");
    start(l, argc, argv);
    read_with_jobs(l);
    notify_stopping(&l->notify);
    finish(l);
    checkpoint_last(l);
    checkpoint_torn(l);
    progress_end(&l->progress, l->inputs.bytes_read);
    loop_flush(l);
    if (shared.stats) stats_write(l);
    if (shared.spool != NULL) spool_close(&l->spool);
    output_close(&l->output);
    if (shared.rejects != NULL) output_close(&l->rejects_output);
    if (l->late.output == &l->late_output) output_close(&l->late_output);
    notify_close(&l->notify);
    if (leaks_looked_for) {
        release(l);
        buffer_release(&head);
    }
    if (stop_signal == SIGINT)
        raise(SIGINT); /* the handler is reset: the caller sees how we ended */
    return EXIT_DONE;
}
