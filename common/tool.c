#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dedup.h"
#include "die.h"
#include "duration.h"
#include "expr.h"
#include "frame.h"
#include "input.h"
#include "instant.h"
#include "json.h"
#include "memory.h"
#include "number.h"
#include "output.h"
#include "partition.h"
#include "position.h"
#include "progress.h"
#include "reject.h"
#include "saver.h"
#include "scan.h"
#include "shared.h"
#include "spool.h"
#include "state.h"
#include "stats.h"

/* So many events are scanned, then looked up together: enough to hide the memory's latency, few enough to stay in
 * the first cache. */
#define BATCH_MAX 64

/* A record on its way: where it stood. */
struct origin {
    struct input *input;
    struct slice raw;     /* the whole record, frame included */
    uint64_t line_number;
    int64_t partition;    /* -1: not framed */
    int64_t offset;       /* -1: not framed */
    bool torn;            /* the input's last bytes, without a newline */
};

/* What is remembered of a batch's event beside the event itself. */
struct pending {
    struct event ev;
    struct slice came; /* its text, before the command has changed it */
    struct origin origin;
};

/* What became of the events of the record being translated. */
struct made_counts {
    uint64_t rejected, used, filtered, late, duplicate, held;
};

struct made {
    const struct origin *translating;
    struct made_counts made;
    bool same; /* it is one and the same record */
};

/* The main loop's own: everything commands do not see. */
struct loop {
    const struct tool *tool;
    struct run run;
    struct inputs inputs;
    struct clock clock;
    struct scanner *scanner;
    struct dedup dedup;
    struct expr **where;
    size_t where_count;
    int time_slot;
    int partition_slot;       /* --merge: the member partition; else -1 */
    int final_slot;           /* rows as input: the member final; else -1 */
    struct output output, rejects_output, late_output;
    struct rejects rejects, late;
    struct stats stats;
    struct pending batch[BATCH_MAX + 1]; /* one to spare, for an event that was held back */
    struct value *values;     /* of the batch's events */
    const struct pending *accepted[BATCH_MAX + 1]; /* those of the batch the command will get, in order */
    int accepted_count;
    bool side_by_side;        /* the batch was scanned as a whole: its slots are taken */
    int64_t now_us;           /* the wall clock at the last read */
    int64_t told_us;          /* the watermark the command was told last */
    int64_t updates_due_us;   /* steady clock: when --emit=updates prints next */
    struct buffer json;       /* an event's text made by a translator or out of an envelope */
    struct buffer detail;
    struct buffer plain;      /* an event_id without its escapes */
    struct progress progress;
    bool full;                /* more keys than --max-keys: saved and ended as soon as the block is done */
    /* --state. */
    bool resumed;             /* there was one */
    struct saver saver;
    struct spool spool;
    struct positions positions;
    struct input earlier;     /* stands for what an earlier run has read */
    struct {
        uint64_t output, rejects, late;
    } length;                 /* of the files, as the state says */
    uint64_t rows_before;     /* printed by earlier runs */
    struct {
        uint64_t read, rows;
        int64_t told_us;
    } saved;                  /* as of the last save: nothing new is nothing to save */
    const struct origin *translating; /* the record being translated, or NULL */
    struct made_counts made;          /* what became of its events */
    bool running;             /* the batch is being handed over */
};

static struct loop loop;

/* Signals: noted here, acted on in the loop. */
static volatile sig_atomic_t stop_signal, stats_wanted;
static int wake_fd = -1;

static void on_stop(int signal)
{
    const int saved = errno;
    stop_signal = signal;
    const uint64_t one = 1;
    (void)!write(wake_fd, &one, sizeof one);
    errno = saved;
}

static void on_stats(int signal)
{
    (void)signal;
    const int saved = errno;
    stats_wanted = 1;
    const uint64_t one = 1;
    (void)!write(wake_fd, &one, sizeof one);
    errno = saved;
}

/* Something has happened that the loop will look for when it is awake: a save has ended. */
static void on_wake(int signal)
{
    (void)signal;
    const int saved = errno;
    const uint64_t one = 1;
    (void)!write(wake_fd, &one, sizeof one);
    errno = saved;
}

static void signals_catch(void)
{
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) die_errno("eventfd");
    struct sigaction action = {.sa_handler = on_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags = (int)SA_RESETHAND; /* a second ^C kills at once */
    sigaction(SIGINT, &action, NULL);
    action = (struct sigaction){.sa_handler = on_stats};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    if (shared.state == NULL) return;
    action = (struct sigaction){.sa_handler = on_wake, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
}

/* --- setting up ------------------------------------------------------------------------------------------ */

static void number_members(struct run *run)
{
    for (size_t i = 0; i < shared.number.count; i++) {
        for (const char *from = shared.number.text[i];;) {
            const char *comma = strchrnul(from, ',');
            const struct slice name = {.text = from, .len = (size_t)(comma - from)};
            const int slot = schema_need(&run->schema, name);
            if (name.len == 0 || slot < 0) die_usage("--number: '%s' is no list of members", shared.number.text[i]);
            if (slot < SLOT_CANONICAL)
                die_usage("--number: %.*s is always text (one of the twelve members of an event)", (int)name.len, from);
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
        l->where[i] = expr_compile(shared.where.text[i], &l->run.schema, &why);
        if (l->where[i] == NULL) die_usage("--where: %.*s", (int)why.len, why.data);
    }
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
            die_usage("--partitions: '%s' is no list of partitions (0,1,2 or 0-11)", shared.partitions);
        for (long long number = first; number <= last; number++)
            (void)clock_partition(clock, number);
        if (*end == '\0') break;
        from = end + 1;
    }
}

static void refuse_options(const struct tool *tool)
{
    if (!(tool->flags & TOOL_WINDOWS)) {
        static const char *const windows_only[] = {"order-by", "top", "emit"};
        for (size_t i = 0; i < sizeof windows_only / sizeof windows_only[0]; i++)
            if (option_given(windows_only[i])) die_usage("--%s: this tool has no windows", windows_only[i]);
    }
    if (!(tool->flags & TOOL_MERGES) && (shared.by_partition || shared.merge))
        die_usage("--%s is for cs-window and cs-funnel", shared.merge ? "merge" : "by-partition");
    if (shared.updates && shared.top != 0) die_usage("--emit=updates does not go with --top");
    if (shared.merge && shared.by_partition) die_usage("--merge reads what --by-partition has printed: not both");
    if (shared.state != NULL && (tool->save == NULL || (tool->flags & TOOL_NO_TIME_RULES) != 0))
        die_usage("--state: this tool keeps none (with --keep-frame the tools behind it know the positions)");
    if (shared.state == NULL && shared.spool != NULL) die_usage("--spool needs --state");
    if (shared.state == NULL && shared.flush) die_usage("--flush needs --state");
    if (shared.output != NULL && shared.spool != NULL) die_usage("--output or --spool: rows go to one of them");
    if (shared.state != NULL && shared.jobs > 1) die_usage("--jobs does not go with --state");
    if (shared.jobs > 1) die_usage("--jobs: not yet");
}

/* What the inputs' partitions are before anything is read. */
static void partitions_of_inputs(struct loop *l)
{
    int64_t number = 0;
    struct partition *files = NULL;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        /* Whether its records are framed shows later: until then a partition of no record's number stands in. */
        const bool is_file = input->regular && !shared.interleave;
        if (!is_file || files == NULL) input->partition = clock_partition(&l->clock, -1 - number++);
        if (is_file && files == NULL) files = input->partition;
        if (is_file) input->partition = files;
        input->number = -1 - input->partition->number;
    }
}

/* A file cannot be read and written, or written twice, in one run: it would be cut before anything is read. */
static void output_refuse(const struct loop *l, const char *option, const char *name, const char *other)
{
    struct stat stat_now;
    if (name == NULL || (stat(name, &stat_now) == 0 && !S_ISREG(stat_now.st_mode))) return;
    if (other != NULL && strcmp(name, other) == 0) die_usage("%s: '%s' is the --output, too", option, name);
    if (stat(name, &stat_now) != 0) return;
    for (int i = 0; i < l->inputs.count; i++) {
        const struct input *input = &l->inputs.input[i];
        if (input->regular && input->dev == stat_now.st_dev && input->ino == stat_now.st_ino)
            die_usage("%s: '%s' is an input, too", option, name);
    }
}

/* Rows to standard output while a state is kept: only what has a name can be cut back to where the state is. */
static void standard_output_check(struct output *output)
{
    struct stat stat;
    if (shared.state == NULL || fstat(output->fd, &stat) != 0) return;
    if (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode))
        message("standard output is a pipe: a crash may lose or repeat rows on their way (--output, --spool do not)");
    output->file = S_ISREG(stat.st_mode);
}

static void outputs_open(struct loop *l)
{
    output_refuse(l, "--output", shared.output, NULL);
    output_refuse(l, "--rejects", shared.rejects, shared.output);
    output_refuse(l, "--late", shared.late, shared.output);
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
    buffer_printf(&text, "%s\nscanner  %s\n", l->run.schema.whole ? " (and the whole line)" : "", scanner_kernel());
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

/* --- what becomes of a record ------------------------------------------------------------------------------ */

static void outputs_flush(struct loop *l)
{
    rows_flush(l->run.rows);
    if (l->rejects.output != NULL) output_flush(l->rejects.output);
    if (l->late.output != NULL) output_flush(l->late.output);
}

static void strict_stop(struct loop *l)
{
    if (!shared.strict) return;
    outputs_flush(l);
    die("--strict: stopped at the first refused or late record");
}

static void report(struct rejects *sink, const char *reason, const char *detail, const struct origin *origin)
{
    rejects_add(sink, &(struct reject){
                          .reason = reason,
                          .detail = detail,
                          .input = strcmp(origin->input->name, "-") == 0 ? "standard input" : origin->input->name,
                          .line = origin->line_number,
                          .partition = origin->partition,
                          .offset = origin->offset,
                          .raw = origin->raw,
                      });
    strict_stop(&loop);
}

static void batch_run(struct loop *l);

/* With --state, what an input ends in may be whole when the next run reads it again: the position does not move over
 * it, and it is only told of, and counted, after the last save (torn_report). False: there is no next time. */
static bool torn_left(struct loop *l, enum reason reason, const struct origin *origin)
{
    struct input *input = origin->input;
    if (!origin->torn || !l->run.settings.has_state || reason == REASON_NO_ID || reason == REASON_FUTURE) return false;
    if (input->framing == FRAMING_NONE && !input_lasts(input)) return false;
    input->torn = true;
    l->stats.read--;
    return true;
}

/* Refuses the record, or the event of a record that is being translated. */
static void refuse(struct loop *l, enum reason reason, const char *detail, const struct origin *origin)
{
    if (torn_left(l, reason, origin)) return;
    if (shared.strict && !l->running) batch_run(l); /* the run ends here: what came before comes first */
    if (origin->torn && reason != REASON_NO_ID && reason != REASON_FUTURE) { /* those two are whole events */
        reason = REASON_TORN;
        detail = NULL;
    }
    l->stats.rejected_by[reason]++;
    if (l->translating != NULL)
        l->made.rejected++;
    else
        l->stats.rejected++;
    report(&l->rejects, reason_name(reason), detail != NULL ? detail : reason_detail(reason), origin);
}

static void count_filtered(struct loop *l)
{
    if (l->translating != NULL)
        l->made.filtered++;
    else
        l->stats.filtered++;
}

/* Hands the batch to the command, then tells it the watermark. */
static void batch_run(struct loop *l)
{
    const struct tool *tool = l->tool;
    l->running = true;
    if (tool->hint != NULL)
        for (int i = 0; i < l->accepted_count; i++)
            tool->hint(&l->run, (struct event *)(uintptr_t)&l->accepted[i]->ev);
    for (int i = 0; i < l->accepted_count; i++) {
        const struct pending *pending = l->accepted[i];
        switch (tool->event(&l->run, &pending->ev)) {
        case FATE_USED:
            if (l->translating != NULL)
                l->made.used++;
            else
                l->stats.used++;
            break;
        case FATE_FILTERED: count_filtered(l); break;
        case FATE_NO_ID: refuse(l, REASON_NO_ID, NULL, &pending->origin); break;
        case FATE_LATE: {
            if (l->translating != NULL)
                l->made.late++;
            else
                l->stats.late++;
            struct buffer detail = {0};
            buffer_add_literal(&detail, "the watermark was at ");
            instant_print(&detail, pending->ev.watermark_us);
            buffer_add_char(&detail, '\0');
            report(&l->late, "late", detail.data, &pending->origin);
            buffer_release(&detail);
            break;
        }
        }
    }
    l->accepted_count = 0;
    l->running = false;
    const int64_t watermark_us = clock_watermark(&l->clock);
    if (watermark_us > l->told_us) {
        l->told_us = watermark_us;
        if (tool->advance != NULL) tool->advance(&l->run, watermark_us);
        if (l->dedup.span_us != 0) dedup_advance(&l->dedup, watermark_us);
    }
    if (__builtin_expect(l->run.counters.keys > (uint64_t)shared.max_keys, 0)) l->full = true;
}

/* Its event_id however that was escaped; ID_NONE: it has none. */
static struct id event_id(struct loop *l, const struct event *ev)
{
    const struct value value = ev->value[SLOT_EVENT_ID];
    if (value.kind != KIND_STRING) return ID_NONE;
    if (!value.escaped) return id_of(value_slice(value));
    buffer_clear(&l->plain);
    l->plain.len = json_unescape(buffer_reserve(&l->plain, value.len), value_slice(value));
    return id_of(buffer_slice(&l->plain));
}

/* Is it a repeat of one that was passed, or of the one its partition holds? */
static bool is_repeat(const struct loop *l, const struct partition *partition, struct id id, int64_t time_us)
{
    if (id_is_none(id)) return false;
    if (dedup_seen(&l->dedup, id, time_us, partition_watermark(&l->clock, partition))) return true;
    const int64_t apart_us = time_us > partition->held_us ? time_us - partition->held_us : partition->held_us - time_us;
    return partition->holding && id_equal(id, partition->held_id) && apart_us <= l->dedup.span_us;
}

/* The event is valid and its time stands: event time goes on, --where decides, the batch takes it. The event is the
 * batch's next one. */
static void accept(struct loop *l, struct pending *pending, struct partition *partition)
{
    struct event *ev = &pending->ev;
    ev->partition = partition;
    ev->watermark_us = partition_watermark(&l->clock, partition);
    if (ev->time_us >= ev->watermark_us && ev->time_us < l->run.first_time_us) l->run.first_time_us = ev->time_us;
    if (ev->time_us < partition->largest_us && partition->largest_us - ev->time_us > l->stats.disorder_us)
        l->stats.disorder_us = partition->largest_us - ev->time_us;
    partition_advance(&l->clock, partition, ev->time_us);
    if (l->dedup.span_us != 0) {
        const struct id id = event_id(l, ev);
        if (!id_is_none(id)) dedup_note(&l->dedup, id, ev->time_us);
    }
    l->run.end_time_us = l->clock.largest_us;
    for (size_t i = 0; i < l->where_count; i++) {
        if (!expr_selects(l->where[i], ev)) {
            count_filtered(l);
            return;
        }
    }
    l->accepted[l->accepted_count++] = pending;
}

/* A free place for an event. */
static struct pending *batch_next(struct loop *l)
{
    if (l->side_by_side) {
        batch_run(l); /* what was accepted so far comes first */
        return &l->batch[BATCH_MAX];
    }
    if (l->accepted_count == BATCH_MAX) batch_run(l);
    if (l->accepted_count == 0) scanner_clear(l->scanner);
    return &l->batch[l->accepted_count];
}

static enum reason event_time(struct loop *l, struct event *ev)
{
    struct value value = ev->value[l->time_slot];
    if (value.kind == KIND_NULL) return REASON_NO_TIME;
    if (__builtin_expect(value.was_number, 0)) value.kind = KIND_NUMBER;
    if (__builtin_expect(value.escaped, 0)) {
        buffer_clear(&l->plain);
        value.len = (uint32_t)json_unescape(buffer_reserve(&l->plain, value.len), value_slice(value));
        value.text = l->plain.data;
    }
    return instant_parse(value, &shared.time, &ev->time_us) ? REASON_NONE : REASON_BAD_TIME;
}

/* Accepts an event from its text, which was judged before: it waited behind another one. */
static void accept_text(struct loop *l, struct partition *partition, struct buffer *text, const struct origin *origin)
{
    struct pending *pending = batch_next(l);
    struct event *ev = &pending->ev;
    const char *next;
    memset(buffer_reserve(text, 1 + SCAN_PADDING), 0, 1 + SCAN_PADDING);
    text->data[text->len] = '\n';
    (void)scanner_scan(l->scanner, text->data, ev, &next);
    (void)event_time(l, ev);
    ev->offset = origin->offset;
    ev->line_number = origin->line_number;
    ev->partition = partition;
    pending->origin = *origin;
    pending->origin.raw = ev->line;
    if (l->tool->amend != NULL) (void)l->tool->amend(&l->run, ev);
    accept(l, pending, partition);
    batch_run(l); /* the text is not kept */
}

static struct origin held_origin(struct partition *partition)
{
    return (struct origin){
        .input = (struct input *)(uintptr_t)partition->held_input,
        .raw = buffer_slice(&partition->held),
        .line_number = partition->held_line_number,
        .partition = partition->held_offset < 0 ? -1 : partition->number,
        .offset = partition->held_offset,
    };
}

/* What becomes of a held event counts for the record it came in, not for the one being translated now. */
static struct made held_begin(struct loop *l, const struct partition *partition, const struct origin *origin)
{
    struct made outside = {.translating = l->translating, .made = l->made};
    outside.same = l->translating != NULL && l->translating->input == origin->input &&
                   l->translating->line_number == origin->line_number;
    if (outside.same)
        l->made.held--;
    else
        l->translating = partition->held_counted ? origin : NULL;
    return outside;
}

static void held_end(struct loop *l, const struct made *made)
{
    if (made->same) return;
    l->translating = made->translating;
    l->made = made->made;
}

/* Lets the event go that --max-jump holds: it was right, or the input ends. */
static void held_release(struct loop *l, struct partition *partition)
{
    partition->holding = false;
    partition->began = true;
    const struct origin origin = held_origin(partition);
    const struct made made = held_begin(l, partition, &origin);
    accept_text(l, partition, &partition->held, &origin);
    held_end(l, &made);
}

static void hold(struct loop *l, struct partition *partition, int64_t time_us, struct slice text,
                 const struct origin *origin, struct id id)
{
    l->made.held++;
    partition->holding = true;
    partition->held_us = time_us;
    partition->held_id = id;
    partition->held_counted = false;
    partition->held_offset = origin->offset;
    partition->held_line_number = origin->line_number;
    partition->held_input = origin->input;
    buffer_clear(&partition->held);
    buffer_add_slice(&partition->held, text);
}

static void held_refuse(struct loop *l, struct partition *partition)
{
    partition->holding = false;
    const struct origin origin = held_origin(partition);
    const struct made made = held_begin(l, partition, &origin);
    refuse(l, REASON_FUTURE, "far ahead of the events around it (--max-jump)", &origin);
    held_end(l, &made);
}

/* --max-jump: true when the event may pass now; otherwise it has been dealt with. What was held before it is released
 * or refused first. */
static bool jump_passes(struct loop *l, struct partition *partition, const struct pending *pending, struct id id)
{
    const int64_t jump_us = shared.max_jump_us;
    const struct event *ev = &pending->ev;
    if (jump_us == 0) return true;
    if (!partition->holding) {
        /* A partition's first event waits for its second. */
        if (__builtin_expect(partition->began && ev->time_us - partition->largest_us <= jump_us, 1)) return true;
        hold(l, partition, ev->time_us, pending->came, &pending->origin, id);
        return false;
    }
    const bool held_is_right = partition->began ? ev->time_us - partition->largest_us > jump_us
                                                : partition->held_us - ev->time_us <= jump_us;
    if (!held_is_right) {
        held_refuse(l, partition);
        partition->began = true;
        return true;
    }
    /* The held event goes first, and takes this one's place in the batch. */
    const struct origin origin = pending->origin;
    const int64_t time_us = ev->time_us;
    struct buffer text = {0};
    buffer_add_slice(&text, pending->came);
    held_release(l, partition);
    if (time_us - partition->largest_us <= jump_us) {
        accept_text(l, partition, &text, &origin);
    } else {
        hold(l, partition, time_us, buffer_slice(&text), &origin, id);
    }
    buffer_release(&text);
    return false;
}

/* An event has been scanned, with that result: judged and put into the batch. */
static void judge(struct loop *l, struct pending *pending, enum reason reason, const struct origin *origin,
                  struct partition *partition)
{
    struct event *ev = &pending->ev;
    if (__builtin_expect(ev->line.len == 0 && reason == REASON_NONE, 0)) return; /* a blank line */
    pending->origin = *origin;
    if (origin->raw.text == NULL) pending->origin.raw = ev->line;
    if (l->translating == NULL) l->stats.read++;
    const char *detail = NULL;
    if (reason == REASON_NONE) reason = event_time(l, ev);
    if (reason == REASON_BAD_TIME && ev->value[l->time_slot].kind == KIND_STRING && !shared.time.assume_utc) {
        int64_t ignored;
        if (instant_parse_text(value_slice(ev->value[l->time_slot]), true, &ignored))
            detail = "event_time has no zone (--assume-utc)";
    }
    ev->offset = origin->offset;
    ev->line_number = origin->line_number;
    ev->partition = partition;
    pending->came = ev->line;
    if (reason == REASON_NONE && l->tool->amend != NULL) reason = l->tool->amend(&l->run, ev);
    if (__builtin_expect(reason != REASON_NONE, 0)) {
        refuse(l, reason, detail, &pending->origin);
        return;
    }
    if (l->final_slot >= 0 && ev->value[l->final_slot].kind == KIND_FALSE) {
        count_filtered(l); /* a row that was printed while it changed: the closing one counts, and moves time */
        return;
    }
    if (l->partition_slot >= 0) {
        int64_t number = 0;
        const struct value value = ev->value[l->partition_slot];
        if (value.kind != KIND_NUMBER || !number_floor(value_slice(value), 0, &number) || number < 0) {
            refuse(l, REASON_BAD_MEMBER, "--merge: a row without its partition", &pending->origin);
            return;
        }
        partition = clock_meet(&l->clock, number);
    }
    const struct id id = l->dedup.span_us != 0 ? event_id(l, ev) : ID_NONE;
    if (is_repeat(l, partition, id, ev->time_us)) {
        if (l->translating != NULL)
            l->made.duplicate++;
        else
            l->stats.duplicate++;
        return;
    }
    if (shared.max_ahead_us != 0 && ev->time_us - l->now_us > shared.max_ahead_us) {
        refuse(l, REASON_FUTURE, "ahead of the clock (--max-ahead)", &pending->origin);
        return;
    }
    partition->silent_us = 0;
    partition->released = false;
    if (jump_passes(l, partition, pending, id)) accept(l, pending, partition);
    if (l->run.schema.all) batch_run(l); /* the command has only one place for what it makes of an event */
}

/* One event's JSON text, which ends in a newline with padding behind. Returns behind it. */
static const char *take_event(struct loop *l, const char *text, const struct origin *origin,
                              struct partition *partition)
{
    struct pending *pending = batch_next(l);
    const char *next;
    const enum reason reason = scanner_scan(l->scanner, text, &pending->ev, &next);
    judge(l, pending, reason, origin, partition);
    return next;
}

/* The lines from p to stop, none of them framed or too long: scanned side by side, then judged in order. */
static void take_lines(struct loop *l, struct input *input, const char *p, const char *stop)
{
    struct event *events[BATCH_MAX];
    enum reason reasons[BATCH_MAX];
    for (int i = 0; i < BATCH_MAX; i++)
        events[i] = &l->batch[i].ev;
    struct origin origin = {.input = input, .partition = -1, .offset = -1};
    while (p < stop) {
        batch_run(l);
        scanner_clear(l->scanner);
        const size_t lines = scanner_scan_lines(l->scanner, p, stop, BATCH_MAX, events, reasons, &p);
        l->side_by_side = true;
        for (size_t i = 0; i < lines; i++) {
            origin.line_number = ++input->lines;
            judge(l, &l->batch[i], reasons[i], &origin, input->partition);
        }
        batch_run(l);
        l->side_by_side = false;
    }
}

/* A translator made an event. */
static void event_made(void *context, struct slice json)
{
    struct loop *l = context;
    buffer_clear(&l->json);
    buffer_reserve(&l->json, json.len + 1 + SCAN_PADDING);
    buffer_add_slice(&l->json, json);
    buffer_add_char(&l->json, '\n');
    memset(l->json.data + l->json.len, 0, SCAN_PADDING);
    (void)take_event(l, l->json.data, l->translating, l->translating->input->partition);
    batch_run(l); /* the text is overwritten by the next event */
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.text[i] != ' ' && text.text[i] != '\t' && text.text[i] != '\r' && text.text[i] != '\n') return false;
    return true;
}

/* A record in another format: counted once, whatever comes of its events. */
static void take_raw(struct loop *l, struct origin *origin, struct slice record)
{
    if (is_blank(record)) return;
    bool header = false;
    buffer_clear(&l->detail);
    batch_run(l);
    l->made = (struct made_counts){0};
    l->translating = origin;
    const enum reason reason =
        l->run.translator->translate(origin->input->reading, record, event_made, l, &header, &l->detail);
    l->translating = NULL;
    if (header) return;
    l->stats.read++;
    if (reason != REASON_NONE) {
        buffer_add_char(&l->detail, '\0');
        refuse(l, reason, l->detail.len > 1 ? l->detail.data : NULL, origin);
        if (l->made.held != 0) origin->input->partition->held_counted = true;
        return;
    }
    const struct made_counts *const made = &l->made;
    uint64_t *const fate = made->rejected != 0                           ? &l->stats.rejected
                           : made->used != 0                             ? &l->stats.used
                           : made->late != 0                             ? &l->stats.late
                           : made->held != 0                             ? NULL /* it will be known later */
                           : made->duplicate != 0 && made->filtered == 0 ? &l->stats.duplicate
                                                                         : &l->stats.filtered;
    if (fate == NULL) return;
    ++*fate;
    if (made->held != 0) origin->input->partition->held_counted = true; /* not once more */
}

/* Offsets already counted are repeats; a gap is noted (compaction makes gaps). False: a repeat. */
static bool offset_new(struct loop *l, struct partition *partition, int64_t offset)
{
    if (offset <= partition->offset) return false;
    if (partition->offset >= 0 && offset != partition->offset + 1)
        l->stats.gaps += (uint64_t)(offset - partition->offset - 1);
    partition->offset = offset;
    partition->offset_used = 1;
    return true;
}

/* The input's records are of this partition, from now on or until the next framed one: what stood in for it before
 * the first no longer has to hold time back. */
static void input_join(struct loop *l, struct input *input, struct partition *partition)
{
    struct partition *stand_in = input->partition;
    input->partition = partition;
    if (stand_in == NULL || stand_in->number >= 0) return;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *other = &l->inputs.input[i];
        if (other->partition == stand_in) other->partition = NULL; /* a file whose turn comes later */
    }
    clock_remove(&l->clock, stand_in);
}

/* Where a partition was before a record. */
struct framed_place {
    int64_t offset, used;
    uint64_t gaps;
};

/* The record was torn: it will come again. */
static void partition_rewind(struct loop *l, struct partition *partition, const struct framed_place *before)
{
    partition->offset = before->offset;
    partition->offset_used = before->used;
    l->stats.gaps = before->gaps;
}

/* One framed line: the frame off, then as any event. */
static const char *take_framed(struct loop *l, struct origin *origin, const char *line)
{
    struct frame frame;
    const char *end = rawmemchr(line, '\n');
    origin->raw = (struct slice){.text = line, .len = (size_t)(end - line)};
    while (origin->raw.len != 0 && origin->raw.text[origin->raw.len - 1] == '\r')
        origin->raw.len--;
    if (is_blank(origin->raw)) return end + 1;
    const bool good = origin->input->framing == FRAMING_KCAT ? frame_read(origin->raw, &frame)
                                                             : envelope_read(origin->raw, &frame, &l->json);
    if (!good) {
        l->stats.read++;
        refuse(l, REASON_BAD_FRAME,
               origin->input->framing == FRAMING_KCAT ? NULL : "not an envelope of kcat -J with a text payload", origin);
        return end + 1;
    }
    struct partition *partition = clock_meet(&l->clock, frame.partition);
    partition->source = origin->input;
    partition->ended = false;
    if (origin->input->partition != partition) input_join(l, origin->input, partition);
    const struct framed_place before = {partition->offset, partition->offset_used, l->stats.gaps};
    origin->partition = frame.partition;
    origin->offset = frame.offset;
    if (!offset_new(l, partition, frame.offset)) {
        l->stats.read++;
        l->stats.duplicate++;
        return end + 1;
    }
    if (origin->input->reading != NULL) {
        take_raw(l, origin, frame.payload);
        return end + 1;
    }
    const uint64_t read_before = l->stats.read;
    const bool torn_before = origin->input->torn;
    const char *text = frame.payload.text;
    (void)take_event(l, text, origin, partition);
    if (l->stats.read == read_before && origin->input->torn == torn_before) { /* a frame around nothing: a record all the same */
        l->stats.read++;
        refuse(l, REASON_NOT_JSON, "an empty record", origin);
    }
    if (origin->input->torn) partition_rewind(l, partition, &before);
    if (text != line && origin->input->framing == FRAMING_ENVELOPE) batch_run(l);
    return end + 1;
}

static void input_begin(struct loop *l, struct input *input, const char *data, const char *end)
{
    input->begun = true;
    input->framing = shared.input == INPUT_NDJSON ? FRAMING_NONE : frame_guess(data, end);
    if (shared.input == INPUT_KCAT && input->framing != FRAMING_ENVELOPE) input->framing = FRAMING_KCAT;
    if (input->framing == FRAMING_NONE && (input->partition == NULL || input->partition->number < 0))
        input_join(l, input, clock_partition(&l->clock, input->number));
    const struct translator *translator = l->run.translator;
    if (translator == NULL) return;
    struct slice head = {.text = data, .len = (size_t)(end - data)};
    struct frame frame;
    if (input->framing != FRAMING_NONE) {
        head.len = (size_t)((const char *)rawmemchr(data, '\n') - data);
        const bool good =
            input->framing == FRAMING_KCAT ? frame_read(head, &frame) : envelope_read(head, &frame, &l->json);
        head = good ? frame.payload : (struct slice){.text = data, .len = 0};
    }
    input->reading = translator->begin(translator->self, head);
}

/* The record at p, which ends in a newline. Returns behind it. */
static const char *take_record(struct loop *l, struct input *input, const char *p, const char *record_end, bool torn)
{
    struct origin origin = {
        .input = input,
        .line_number = input->lines + 1,
        .partition = -1,
        .offset = -1,
        .torn = torn,
    };
    if (__builtin_expect(input->framing != FRAMING_NONE, 0)) return take_framed(l, &origin, p);
    if (input->reading == NULL) return take_event(l, p, &origin, input->partition);
    size_t len = (size_t)(record_end - p);
    if (len != 0 && p[len - 1] == '\n') len--;
    if (len != 0 && p[len - 1] == '\r') len--;
    origin.raw = (struct slice){.text = p, .len = len};
    take_raw(l, &origin, origin.raw);
    return record_end;
}

/* A line at p longer than a line may be: refused, whatever is in it. */
static void take_too_long(struct loop *l, struct input *input, const char *p)
{
    struct origin origin = {
        .input = input,
        .raw = {.text = p, .len = LINE_MAX_BYTES + 1},
        .line_number = input->lines + 1,
        .partition = -1,
        .offset = -1,
    };
    batch_run(l);
    l->stats.read++;
    struct frame frame;
    if (input->framing == FRAMING_KCAT && frame_read(origin.raw, &frame)) {
        origin.partition = frame.partition;
        origin.offset = frame.offset;
        if (!offset_new(l, clock_meet(&l->clock, frame.partition), frame.offset)) {
            l->stats.duplicate++;
            return;
        }
    }
    refuse(l, REASON_TOO_LONG, NULL, &origin);
}

/* Does more than a line may have stand at p without a newline among it? end is as far as can be read. */
static bool is_too_long(const char *p, const char *end)
{
    return (size_t)(end - p) > LINE_MAX_BYTES && memchr(p, '\n', LINE_MAX_BYTES + 1) == NULL;
}

/* Behind the first newline from p on, or end. */
static const char *rawmemchr_to(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline == NULL ? end : newline + 1;
}

static uint64_t lines_in(const char *from, const char *to)
{
    uint64_t lines = 0;
    for (; (from = memchr(from, '\n', (size_t)(to - from))) != NULL; from++)
        lines++;
    return lines;
}

/* How many bytes the blank lines at the front take. */
static size_t blank_lines(const char *from, const char *to)
{
    const char *behind = from;
    for (const char *p = from; p < to && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'); p++)
        if (*p == '\n') behind = p + 1;
    return (size_t)(behind - from);
}

/* Goes through what an input has brought: every complete record; at its end also the last one without a newline. */
static void take_input(struct loop *l, struct input *input)
{
    if (input->discarding) {
        const char *data = input->data + input->start;
        const char *newline = memchr(data, '\n', input->end - input->start);
        if (newline == NULL && !input->ended) {
            input_consume(input, input->end - input->start);
            return;
        }
        input_consume(input, newline == NULL ? input->end - input->start : (size_t)(newline + 1 - data));
        input->discarding = newline == NULL && l->run.settings.has_state; /* the next run may see its end */
        input->lines += newline != NULL;
    }
    if (input->data == NULL) return;
    if (input->consumed == 0 && input->end >= 3 && memcmp(input->data, "\xef\xbb\xbf", 3) == 0) input_consume(input, 3);
    char *data = input->data + input->start;
    const char *end = input->data + input->end;
    if (data == end) return;
    bool torn = false;
    const char *last = memrchr(data, '\n', (size_t)(end - data));
    if (input->ended && end[-1] != '\n') {
        /* The room for it is always there. */
        input->data[input->end] = '\n';
        memset(input->data + input->end + 1, 0, SCAN_PADDING);
        torn = true;
        last = end++;
    }
    if (last == NULL) {
        if (!is_too_long(data, end)) return;
        take_too_long(l, input, data);
        input_consume(input, input->end - input->start);
        input->discarding = true;
        return;
    }
    if (!input->begun && is_too_long(data, last + 1)) {
        take_too_long(l, input, data);
        input_consume(input, LINE_MAX_BYTES);
        input->discarding = true;
        take_input(l, input);
        return;
    }
    if (!input->begun) {
        const size_t blank = blank_lines(data, last + 1);
        input->lines += lines_in(data, data + blank);
        data += blank;
        /* What the first line that is not blank looks like decides. */
        if (data > last) {
            input_consume(input, blank - (torn && blank != 0));
            return;
        }
        input_consume(input, blank);
        input_begin(l, input, data, end);
    }
    const char *p = data;
    const char *record = p;
    const struct translator *translator = l->run.translator;
    if (input->reading != NULL && input->framing == FRAMING_NONE) {
        while (p < end) {
            const char *next = translator->split(input->reading, p, end, input->ended);
            if (next == NULL && (size_t)(end - p) <= LINE_MAX_BYTES) break;
            if (next == NULL || (size_t)(next - p) > LINE_MAX_BYTES + 1) {
                /* A quote is open since 16 MiB: the next line end is taken for the record's. */
                take_too_long(l, input, p);
                next = rawmemchr_to(p + LINE_MAX_BYTES, end);
                input->lines += lines_in(p, next);
                input->discarding = next[-1] != '\n';
                p = next;
                continue;
            }
            const uint64_t lines = lines_in(p, next);
            (void)take_record(l, input, p, next, torn && next == end);
            input->lines += lines;
            p = next;
        }
    } else {
        const char *const stop = last + 1;
        if (input->reading == NULL && input->framing == FRAMING_NONE && !torn && (size_t)(stop - p) <= LINE_MAX_BYTES) {
            take_lines(l, input, p, stop);
            p = stop;
        }
        while (p < stop) {
            if (__builtin_expect(is_too_long(p, stop), 0)) {
                take_too_long(l, input, p);
                p = (const char *)rawmemchr(p, '\n') + 1;
                input->lines++;
                continue;
            }
            const char *const record_end =
                input->reading == NULL ? NULL : (const char *)rawmemchr(p, '\n') + 1;
            record = p;
            p = take_record(l, input, p, record_end, torn && memchr(p, '\n', (size_t)(stop - p)) == last);
            input->lines++;
        }
    }
    batch_run(l); /* the block is about to be overwritten */
    if (torn && p == end) { /* the newline is ours */
        p = input->torn ? record : p - 1;
        input->lines--;
    }
    input_consume(input, (size_t)(p - data));
}

/* --- the loop ------------------------------------------------------------------------------------------------ */

/* Brings the counters together. */
static void stats_gather(struct loop *l)
{
    l->stats.late_windows = l->run.counters.late_windows;
    l->stats.expired = l->run.counters.expired;
    l->stats.not_numbers = l->run.counters.not_numbers;
    l->stats.expression_errors = expr_errors;
    l->stats.rows = l->rows_before + rows_count(l->run.rows);
}

static void stats_write(struct loop *l)
{
    stats_gather(l);
    struct buffer more = {0};
    if (l->tool->stats != NULL) l->tool->stats(&l->run, &more);
    struct stats stats = l->stats;
    for (int i = 0; i < l->clock.count; i++) /* what is held has not been judged */
        stats.read -= l->clock.partition[i]->holding && !l->clock.partition[i]->held_counted;
    const struct stats_moment moment = {
        .tool = l->tool->name,
        .keys = l->run.counters.keys,
        .bytes = l->inputs.bytes_read,
        .event_time_us = l->clock.largest_us,
        .watermark_us = l->told_us,
        .more = buffer_slice(&more),
    };
    stats_put(&stats, &moment, shared.stats_file);
    buffer_release(&more);
}

/* --- the state ----------------------------------------------------------------------------------------------- */

/* The body of a state: first what --show-position wants, then the rest. */
static void state_pack(struct loop *l, struct buffer *out)
{
    stats_gather(l);
    positions_note(&l->positions, &l->inputs);
    clock_save(&l->clock, out);
    positions_save(&l->positions, out);
    if (shared.output != NULL) l->length.output = l->output.position;
    if (shared.rejects != NULL) l->length.rejects = l->rejects_output.position;
    if (shared.late != NULL) l->length.late = l->late.output->position;
    pack_u64(out, l->length.output);
    pack_u64(out, l->length.rejects);
    pack_u64(out, l->length.late);
    pack_u64(out, l->spool.named);
    stats_save(&l->stats, out);
    pack_i64(out, l->run.first_time_us);
    pack_i64(out, l->run.end_time_us);
    dedup_save(&l->dedup, out);
    l->tool->save(&l->run, out);
}

static bool state_unpack(struct loop *l, struct unpack *in)
{
    bool good = clock_load(&l->clock, in) && positions_load(&l->positions, in);
    l->length.output = unpack_u64(in);
    l->length.rejects = unpack_u64(in);
    l->length.late = unpack_u64(in);
    l->spool.named = unpack_u64(in);
    stats_load(&l->stats, in);
    l->run.first_time_us = unpack_i64(in);
    l->run.end_time_us = unpack_i64(in);
    good = good && dedup_load(&l->dedup, in) && l->tool->load(&l->run, in);
    l->rows_before = l->stats.rows;
    l->run.counters.late_windows = l->stats.late_windows;
    l->run.counters.expired = l->stats.expired;
    l->run.counters.not_numbers = l->stats.not_numbers;
    expr_errors = l->stats.expression_errors;
    l->earlier = (struct input){.name = shared.state, .fd = -1};
    for (int i = 0; i < l->clock.count; i++)
        if (l->clock.partition[i]->holding) l->clock.partition[i]->held_input = &l->earlier;
    return good;
}

/* Locks the state and takes in what there is. */
static void state_open(struct loop *l)
{
    if (shared.state == NULL) return;
    state_lock(shared.state);
    saver_init(&l->saver, shared.save_every_us);
    struct buffer file = {0}, bound = {0};
    struct unpack in;
    l->resumed = state_read(shared.state, l->tool->name, &file, &in);
    if (l->resumed) {
        option_fingerprint(&bound);
        state_options(shared.state, &in, buffer_slice(&bound));
        const bool good = state_unpack(l, &in);
        state_end(shared.state, &in, good);
    }
    buffer_release(&bound);
    buffer_release(&file);
}

/* --show-position: what the state says, which may be replaced meanwhile but is always whole. */
static void show_position(struct loop *l)
{
    if (shared.state == NULL) die_usage("--show-position needs --state");
    struct buffer file = {0};
    struct unpack in;
    output_standard(&l->output);
    if (state_read(shared.state, l->tool->name, &file, &in)) {
        (void)unpack_text(&in); /* the options */
        if (!clock_load(&l->clock, &in) || !positions_load(&l->positions, &in)) state_end(shared.state, &in, false);
        positions_print(&l->positions, &l->clock, &l->output.buffer);
    }
    output_close(&l->output);
    buffer_release(&file);
    positions_release(&l->positions);
    clock_release(&l->clock);
    option_release();
    exit(EXIT_DONE);
}

/* The inputs go on where they were. */
static void inputs_resume(struct loop *l)
{
    if (shared.state == NULL) return;
    positions_apply(&l->positions, &l->inputs);
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        if (input->begun && input->framing == FRAMING_NONE)
            input_join(l, input, clock_partition(&l->clock, input->number));
    }
}

/* All that the state will count on is written: makes it durable and commits it. In a child, or in the run itself. */
static void state_write(struct loop *l)
{
    struct state_file file;
    struct buffer bound = {0};
    option_fingerprint(&bound);
    state_begin(&file, shared.state, l->tool->name, buffer_slice(&bound));
    state_pack(l, &file.buffer);
    if (shared.spool != NULL)
        spool_sync(&l->spool);
    else
        output_sync(&l->output);
    if (l->rejects.output != NULL) output_sync(l->rejects.output);
    if (l->late.output != NULL && l->late.output != l->rejects.output) output_sync(l->late.output);
    state_commit(&file);
    if (shared.spool != NULL) spool_seal(&l->spool);
    buffer_release(&bound);
}

/* What is now is what the state has. */
static void saved_note(struct loop *l)
{
    l->saved.read = l->stats.read;
    l->saved.rows = rows_count(l->run.rows);
    l->saved.told_us = l->told_us;
}

static bool saved_differs(const struct loop *l)
{
    return l->stats.read != l->saved.read || rows_count(l->run.rows) != l->saved.rows || l->told_us != l->saved.told_us;
}

/* Brings everything to a point that can be saved. */
static void save_prepare(struct loop *l)
{
    outputs_flush(l);
    if (shared.spool != NULL) spool_cut(&l->spool);
    saved_note(l);
}

static void save_done(struct loop *l)
{
    if (shared.spool != NULL) spool_sealed(&l->spool);
}

/* Saves when it is time. Returns how long it is until then. */
static int64_t save_tick(struct loop *l)
{
    if (shared.state == NULL) return INT64_MAX;
    if (saver_ended(&l->saver, false)) save_done(l);
    if (l->saver.child != 0) return INT64_MAX; /* SIGCHLD will say */
    if (!saved_differs(l)) return INT64_MAX;
    const int64_t left_us = l->saver.due_us - instant_steady();
    if (left_us > 0) return left_us;
    save_prepare(l);
    switch (saver_fork(&l->saver)) {
    case SAVER_CHILD: state_write(l); saver_done();
    case SAVER_ALONE:
        state_write(l);
        saver_saved(&l->saver);
        save_done(l);
        break;
    case SAVER_RUN: break;
    }
    return INT64_MAX;
}

/* The end of the run: nothing waits any more, so it saves itself. */
static void save_last(struct loop *l)
{
    if (shared.state == NULL) return;
    if (saver_ended(&l->saver, true)) save_done(l);
    if (l->resumed && l->inputs.bytes_read == 0 && !saved_differs(l) && !shared.flush) return;
    save_prepare(l);
    state_write(l);
    save_done(l);
}

/* The bound on keys is no reason to lose what is there. */
static void keys_check(struct loop *l)
{
    if (!l->full) return;
    message("more than %lld keys (ids and groups) are held at once: --max-keys=N raises the bound",
            (long long)shared.max_keys);
    outputs_flush(l);
    save_last(l);
    exit(EXIT_PERSON);
}

/* Tells of the records that inputs ended in; the state, which is saved, knows nothing of them. */
static void torn_report(struct loop *l)
{
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        if (!input->torn) continue;
        const struct origin origin = {
            .input = input,
            .raw = {.text = input->data + input->start, .len = input->end - input->start},
            .line_number = input->lines + 1,
            .partition = -1,
            .offset = -1,
        };
        l->stats.read++;
        refuse(l, REASON_TORN, NULL, &origin);
    }
}

/* --- the loop, second half ------------------------------------------------------------------------------------- */

/* What the wall clock brings: saves, updates, figures asked for, progress. Returns how long nothing more will be due. */
static int64_t clockwork(struct loop *l)
{
    if (stats_wanted) {
        stats_wanted = 0;
        stats_write(l);
    }
    int64_t wait_us = save_tick(l);
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
    return wait_us;
}

/* Every held event is right after all: nothing more can say otherwise. */
static void held_release_all(struct loop *l)
{
    for (int i = 0; i < l->clock.count; i++)
        if (l->clock.partition[i]->holding) held_release(l, l->clock.partition[i]);
}

static void wait_for_input(struct loop *l, int64_t due_us)
{
    outputs_flush(l);
    const int64_t idle_us = clock_next_idle(&l->clock);
    const int64_t waited_us = inputs_wait(&l->inputs, idle_us < due_us ? idle_us : due_us);
    if (shared.idle_us == 0) return;
    clock_waited(&l->clock, waited_us);
    if (l->clock.count != 0) {
        bool all_released = true;
        for (int i = 0; i < l->clock.count; i++)
            all_released &= l->clock.partition[i]->released || l->clock.partition[i]->ended;
        if (all_released) held_release_all(l);
    }
    batch_run(l);
}

static void input_ended(struct loop *l, struct input *input)
{
    const bool is_file = input->regular && !shared.interleave;
    for (int i = 0; i < l->inputs.count; i++) {
        const struct input *other = &l->inputs.input[i];
        if (is_file && other->regular && !other->ended) return; /* the next file goes on */
    }
    if (l->run.settings.has_state) return;
    for (int i = 0; i < l->clock.count; i++) {
        struct partition *partition = l->clock.partition[i];
        const struct input *source = partition->source;
        const bool brought = source != NULL && (source == input || (is_file && source->regular));
        if (partition != input->partition && !brought) continue;
        if (partition->holding) held_release(l, partition);
        partition->ended = true;
    }
    batch_run(l);
}

static void read_everything(struct loop *l)
{
    while (stop_signal == 0) {
        struct input *input;
        const enum input_status status = inputs_next(&l->inputs, &input);
        if (status == INPUT_END) break;
        const int64_t due_us = clockwork(l);
        if (status == INPUT_WAIT) {
            wait_for_input(l, due_us);
            continue;
        }
        l->now_us = instant_now();
        take_input(l, input);
        if (input->ended) input_ended(l, input);
        keys_check(l);
    }
}

static void finish(struct loop *l)
{
    if (shared.state != NULL && !shared.flush) return; /* the next run goes on */
    held_release_all(l);
    batch_run(l);
    keys_check(l);
    if (l->clock.largest_us != TIME_NONE && l->clock.largest_us > l->told_us) {
        l->told_us = l->clock.largest_us;
        if (l->tool->advance != NULL) l->tool->advance(&l->run, l->told_us);
    }
    if (l->tool->finish != NULL) l->tool->finish(&l->run);
    if (l->told_us > l->clock.floor_us) l->clock.floor_us = l->told_us; /* for the run that goes on after --flush */
}

/* A standard stream that is closed would be taken by the next file opened, and rows would go into that. What stands there
 * instead is opened the wrong way round: using it fails, as it should. */
static void streams_occupy(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* The command goes on where time stands. */
static void state_resume(struct loop *l)
{
    if (!l->resumed) return;
    l->told_us = l->clock.floor_us;
    if (l->told_us != TIME_NONE && l->tool->advance != NULL) l->tool->advance(&l->run, l->told_us);
    saved_note(l);
    l->full = l->run.counters.keys > (uint64_t)shared.max_keys;
    keys_check(l);
}

static void start(struct loop *l, int argc, char **argv)
{
    const int operand = option_parse(argc, argv, l->tool->options, shared_options);
    if (shared.show_position) show_position(l);
    struct run *run = &l->run;
    schema_init(&run->schema);
    run->first_time_us = INT64_MAX;
    run->end_time_us = TIME_NONE;
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
    l->time_slot = schema_need(&run->schema, slice_of(shared.time_field == NULL ? "event_time" : shared.time_field));
    l->partition_slot = shared.merge ? schema_need(&run->schema, SLICE("partition")) : -1;
    l->final_slot = shared.merge || run->settings.rows ? schema_need(&run->schema, SLICE("final")) : -1;
    if (l->time_slot < 0 || (shared.merge && l->partition_slot < 0)) die_usage("too many members are looked at");
    if (shared.dedup_us != 0) (void)schema_need(&run->schema, SLICE("event_id"));
    why = rows_check(run->rows);
    if (why != NULL) die_usage("%s", why);

    l->told_us = TIME_NONE;
    clock_init(&l->clock, run->settings.lateness_us, shared.idle_us);
    partitions_name(&l->clock);
    dedup_init(&l->dedup, shared.dedup_us);
    l->scanner = scanner_new(&run->schema);
    l->values = memory_zero((size_t)(BATCH_MAX + 1) * (size_t)(run->schema.count + 1), sizeof l->values[0]);
    for (int i = 0; i <= BATCH_MAX; i++)
        l->batch[i].ev.value = l->values + (size_t)i * (size_t)(run->schema.count + 1);
    if (shared.explain) explain(l);
    state_open(l);
    inputs_open(&l->inputs, argv + operand, argc - operand, shared.interleave);
    partitions_of_inputs(l);
    inputs_resume(l);
    outputs_open(l);
    state_resume(l);
    signals_catch();
    l->inputs.wake_fd = wake_fd;
    l->now_us = instant_now();
    l->updates_due_us = instant_steady() + shared.updates_us;
    bool only_files = true;
    for (int i = 0; i < l->inputs.count; i++)
        only_files &= l->inputs.input[i].regular;
    progress_init(&l->progress, shared.progress || (only_files && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO)));
}

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

int tool_main(const struct tool *tool, int argc, char **argv)
{
    struct loop *l = &loop;
    message_name(tool->name);
    streams_occupy();
    l->tool = tool;
    struct buffer head = {0};
    buffer_printf(&head, "Usage: %s [OPTION]... [FILE]...\n%s\n\nOptions:\n%c", tool->name, tool->summary, '\0');
    option_help_texts(head.data, "\nEvents, times, expressions and exit codes: clickstream(7).\n");
    start(l, argc, argv);
    read_everything(l);
    finish(l);
    save_last(l);
    torn_report(l);
    progress_end(&l->progress);
    outputs_flush(l);
    if (shared.stats) stats_write(l);
    if (shared.spool != NULL) spool_close(&l->spool);
    output_close(&l->output);
    if (shared.rejects != NULL) output_close(&l->rejects_output);
    if (l->late.output == &l->late_output) output_close(&l->late_output);
    release(l);
    buffer_release(&head);
    if (stop_signal == SIGINT) raise(SIGINT); /* the handler is reset: the caller sees how we ended */
    return EXIT_DONE;
}
