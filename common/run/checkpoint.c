#include "run/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admit/arrival.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/size.h"
#include "run/common_options.h"
#include "run/readings.h"
#include "run/saver.h"
#include "run/state.h"
#include "run/summary.h"
#include "source/frame.h"
#include "source/position.h"
#include "source/rotation.h"

/* What restarts need from one call to the next. */
static struct {
    struct saver saver;
    struct positions positions;
    struct input earlier; /* stands for what an earlier run has read */
    struct {
        uint64_t read, rows;
        int64_t announced_us;
    } saved; /* as of the last save: nothing new is nothing to save */
} own;

/* --- what is kept: named sections, in this order --- */

struct section {
    const char *name;
    void (*save)(struct loop *l, struct buffer *out);
    bool (*load)(struct loop *l, struct unpack *in); /* false: invalid */
};

static void event_time_save(struct loop *l, struct buffer *out)
{
    clock_save(&l->admission.clock, out);
}

static bool event_time_load(struct loop *l, struct unpack *in)
{
    const struct clock *const clock = &l->admission.clock;
    const bool good = clock_load(&l->admission.clock, in);
    own.earlier = (struct input){.name = options->state, .fd = -1};
    for (int i = 0; i < clock->count; i++)
        if (clock->partition[i]->holding) clock->partition[i]->held_input = &own.earlier;
    return good;
}

static void files_save(struct loop *l, struct buffer *out)
{
    readings_note(l);
    positions_note(&own.positions, &l->inputs);
    positions_save(&own.positions, out);
}

static bool files_load(struct loop *l, struct unpack *in)
{
    (void)l;
    return positions_load(&own.positions, in);
}

static void inputs_save(struct loop *l, struct buffer *out)
{
    (void)l;
    readings_save(out);
}

static bool inputs_load(struct loop *l, struct unpack *in)
{
    (void)l;
    return readings_load(in);
}

static void outputs_save(struct loop *l, struct buffer *out)
{
    mark_save(&l->marks.output, out);
    mark_save(&l->marks.rejects, out);
    mark_save(&l->marks.late, out);
    pack_u64(out, l->spool.named);
}

static bool outputs_load(struct loop *l, struct unpack *in)
{
    mark_load(&l->marks.output, in);
    mark_load(&l->marks.rejects, in);
    mark_load(&l->marks.late, in);
    l->spool.named = unpack_u64(in);
    return true;
}

static void counters_save(struct loop *l, struct buffer *out)
{
    summary_count(l);
    stats_save(&l->stats, out);
}

static bool counters_load(struct loop *l, struct unpack *in)
{
    stats_load(&l->stats, in);
    summary_resume(l);
    return true;
}

static void times_save(struct loop *l, struct buffer *out)
{
    pack_i64(out, l->run.first_time_us);
    pack_i64(out, l->run.end_time_us);
}

static bool times_load(struct loop *l, struct unpack *in)
{
    l->run.first_time_us = unpack_i64(in);
    l->run.end_time_us = unpack_i64(in);
    return true;
}

static void admission_save(struct loop *l, struct buffer *out)
{
    struct stage_state stage;
    for (size_t i = 0; admission_state(i, &stage); i++) {
        pack_text(out, slice_of(stage.name));
        stage.save(&l->admission, out);
    }
}

static bool admission_load(struct loop *l, struct unpack *in)
{
    struct stage_state stage;
    for (size_t i = 0; admission_state(i, &stage); i++)
        if (!slice_equal(unpack_text(in), slice_of(stage.name)) || !stage.load(&l->admission, in))
            return false;
    return true;
}

static void command_save(struct loop *l, struct buffer *out)
{
    l->analysis->save(&l->run, out);
}

static bool command_load(struct loop *l, struct unpack *in)
{
    return l->analysis->load(&l->run, in);
}

static const struct section sections[] = {
    /* --show-position wants these and nothing else. */
    {"event time", event_time_save, event_time_load},
    {"files", files_save, files_load},
#define SECTIONS_SHOWN 2
    {"inputs", inputs_save, inputs_load},
    {"outputs", outputs_save, outputs_load},
    {"counters", counters_save, counters_load},
    {"times", times_save, times_load},
    {"admission", admission_save, admission_load},
    {"command", command_save, command_load},
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static void sections_save(struct loop *l, struct buffer *out)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        pack_text(out, slice_of(sections[i].name));
        sections[i].save(l, out);
    }
}

/* The first so many; false: one is missing, or makes no sense. */
static bool sections_load(struct loop *l, struct unpack *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!slice_equal(unpack_text(in), slice_of(sections[i].name)) || !sections[i].load(l, in))
            return false;
    return true;
}

/* --- the file --- */

/* Locks the state and takes in what there is. */
void checkpoint_open(struct loop *l)
{
    if (options->state == NULL) return;
    state_lock(options->state);
    saver_init(&own.saver, options->save_every_us);
    struct buffer file = {0}, bound = {0};
    struct unpack in;
    l->resumed = state_read(options->state, l->tool->name, &file, &in);
    if (l->resumed) {
        option_fingerprint(&bound);
        state_options(options->state, &in, buffer_slice(&bound));
        const bool good = sections_load(l, &in, SECTION_COUNT);
        state_end(options->state, &in, good);
    }
    buffer_release(&bound);
    buffer_release(&file);
}

/* --show-position: what the state says, which may be replaced meanwhile but is always whole. */
void checkpoint_show(struct loop *l)
{
    if (options->state == NULL) die_usage("--show-position needs --state");
    struct buffer file = {0};
    struct unpack in;
    output_standard(&l->output);
    clock_init(&l->admission.clock, 0, 0);
    if (state_read(options->state, l->tool->name, &file, &in)) {
        (void)unpack_text(&in); /* the options */
        if (!sections_load(l, &in, SECTIONS_SHOWN)) state_end(options->state, &in, false);
        clock_print(&l->admission.clock, &l->output.buffer);
        positions_print(&own.positions, &l->output.buffer);
    }
    output_close(&l->output);
    buffer_release(&file);
    checkpoint_release();
    clock_release(&l->admission.clock);
    option_release();
    exit(EXIT_DONE);
}

/* The inputs go on where they were. */
void checkpoint_seek(struct loop *l)
{
    if (options->state == NULL) return;
    positions_apply(&own.positions, &l->inputs);
    rotations_apply(&own.positions, &l->inputs, options->skip_gone);
    readings_resume(l);
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        if (input->begun && input->framing == FRAMING_NONE)
            arrival_join(&l->admission.clock, &l->inputs, input,
                         clock_partition(&l->admission.clock, input->number));
    }
}

/* All that the state will count on is written: makes it durable and commits it. In a child, or in
 * the run itself. */
static void state_write(struct loop *l)
{
    struct state_file file;
    struct buffer bound = {0};
    option_fingerprint(&bound);
    state_begin(&file, options->state, l->tool->name, buffer_slice(&bound));
    sections_save(l, &file.buffer);
    if (options->spool != NULL)
        spool_sync(&l->spool);
    else
        output_sync(&l->output);
    if (l->admission.fates.rejects.output != NULL) output_sync(l->admission.fates.rejects.output);
    if (l->admission.fates.late.output != NULL &&
        l->admission.fates.late.output != l->admission.fates.rejects.output)
        output_sync(l->admission.fates.late.output);
    state_commit(&file);
    if (options->spool != NULL) spool_seal(&l->spool);
    buffer_release(&bound);
}

/* What is now is what the state has. */
static void saved_note(struct loop *l)
{
    own.saved.read = l->stats.read;
    own.saved.rows = rows_count(l->run.rows);
    own.saved.announced_us = l->admission.batch.announced_us;
}

static bool saved_differs(const struct loop *l)
{
    return l->stats.read != own.saved.read || rows_count(l->run.rows) != own.saved.rows ||
           l->admission.batch.announced_us != own.saved.announced_us;
}

/* Brings everything to a point that can be saved. */
static void save_prepare(struct loop *l)
{
    loop_flush(l);
    if (options->spool != NULL) spool_cut(&l->spool);
    if (options->output != NULL) mark_note(&l->marks.output, &l->output);
    if (options->rejects != NULL) mark_note(&l->marks.rejects, &l->rejects_output);
    if (options->late != NULL) mark_note(&l->marks.late, l->admission.fates.late.output);
    saved_note(l);
}

static void save_done(struct loop *l)
{
    l->saved_us = instant_now();
    if (options->spool != NULL) spool_sealed(&l->spool);
}

/* Saves when it is time. Returns how long it is until then. */
int64_t checkpoint_tick(struct loop *l)
{
    if (options->state == NULL) return INT64_MAX;
    if (saver_ended(&own.saver, false)) save_done(l);
    if (own.saver.child != 0) return INT64_MAX; /* SIGCHLD will say */
    if (!saved_differs(l) || wallclock_in_doubt(&l->admission.wallclock)) return INT64_MAX;
    const int64_t left_us = own.saver.due_us - instant_steady();
    if (left_us > 0) return left_us;
    save_prepare(l);
    switch (saver_fork(&own.saver)) {
    case SAVER_CHILD: state_write(l); saver_done();
    case SAVER_ALONE:
        state_write(l);
        saver_saved(&own.saver);
        save_done(l);
        break;
    case SAVER_RUN: break;
    }
    return INT64_MAX;
}

void checkpoint_now(struct loop *l)
{
    if (options->state == NULL) return;
    if (saver_ended(&own.saver, true)) save_done(l);
    if (wallclock_in_doubt(&l->admission.wallclock)) return;
    own.saver.started_us = instant_steady();
    save_prepare(l);
    state_write(l);
    saver_saved(&own.saver);
    save_done(l);
}

/* The end of the run: nothing waits any more, so it saves itself. */
void checkpoint_last(struct loop *l)
{
    if (options->state == NULL) return;
    if (saver_ended(&own.saver, true)) save_done(l);
    if (wallclock_in_doubt(&l->admission.wallclock)) {
        message(
            "all %d events are more than a year ahead of the clock: nothing is saved, the next run "
            "reads them again",
            l->admission.wallclock.doubts);
        return;
    }
    if (l->resumed && l->inputs.bytes_read == 0 && !saved_differs(l) && !options->flush) return;
    save_prepare(l);
    state_write(l);
    saver_saved(&own.saver);
    save_done(l);
}

/* What memory is held for: the three kinds of things with the most. */
static void held_list(struct buffer *out)
{
    bool named[HELD_KINDS] = {false};
    for (int i = 0; i < 3; i++) {
        enum held_kind most = HELD_TEXTS;
        for (enum held_kind kind = HELD_TEXTS; kind < HELD_KINDS; kind++)
            if (!named[kind] && (named[most] || held.bytes[kind] > held.bytes[most])) most = kind;
        if (held.bytes[most] == 0 || named[most]) return;
        named[most] = true;
        buffer_printf(out, "%s%s ", i > 0 ? ", " : "", held_name(most));
        size_print(out, held.bytes[most]);
    }
}

static void memory_message(void)
{
    struct buffer text = {0};
    size_print(&text, held.total);
    if (held.total <= held.most)
        buffer_add_literal(&text, " of memory is held, and would double");
    else
        buffer_add_literal(&text, " of memory is held");
    buffer_add_literal(&text, " (");
    held_list(&text);
    buffer_add_literal(&text, "), and ");
    size_print(&text, held.most);
    buffer_add_literal(&text, " is allowed: --max-memory=SIZE raises the bound");
    message("%.*s", (int)text.len, text.data);
    buffer_release(&text);
}

/* A bound is no reason to lose what is there. */
void checkpoint_full(struct loop *l)
{
    if (!l->admission.batch.full) return;
    if (batch_keys(&l->admission.batch) > (uint64_t)options->max_keys)
        message("more than %lld keys (ids, groups, partitions) are held at once: --max-keys=N "
                "raises the bound",
                (long long)options->max_keys);
    else
        memory_message();
    loop_flush(l);
    checkpoint_last(l);
    exit(EXIT_PERSON);
}

/* Tells of the records that inputs ended in; the state, which is saved, knows nothing of them. */
void checkpoint_torn(struct loop *l)
{
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        if (!input->torn) continue;
        struct origin origin = {
            .input = input,
            .raw = {.text = input->data + input->start, .len = input->end - input->start},
            .line_number = input->lines + 1,
            .partition = -1,
            .offset = -1,
        };
        struct frame frame;
        if (input->framing == FRAMING_KCAT && frame_read(origin.raw, &frame)) {
            origin.partition = frame.partition;
            origin.offset = frame.offset;
        }
        l->stats.read++;
        batch_refuse(&l->admission.batch, REASON_TORN, NULL, &origin);
    }
}

/* The command goes on where time stands. */
void checkpoint_resume(struct loop *l)
{
    if (!l->resumed) {
        saved_note(l); /* nothing has been read: nothing is worth a save */
        return;
    }
    l->admission.batch.announced_us = l->admission.clock.floor_us;
    if (l->admission.batch.announced_us != TIME_NONE && l->analysis->advance != NULL)
        l->analysis->advance(&l->run, l->admission.batch.announced_us);
    saved_note(l);
    l->admission.batch.full =
        batch_keys(&l->admission.batch) > (uint64_t)options->max_keys || held_full();
    checkpoint_full(l);
}

void checkpoint_release(void)
{
    positions_release(&own.positions);
    readings_release();
}
