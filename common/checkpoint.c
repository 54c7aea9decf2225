#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "instant.h"
#include "memory.h"
#include "shared.h"
#include "size.h"
#include "state.h"

/* The body of a state: first what --show-position wants, then the rest. */
static void state_pack(struct loop *l, struct buffer *out)
{
    loop_count(l);
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
void checkpoint_open(struct loop *l)
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
void checkpoint_show(struct loop *l)
{
    if (shared.state == NULL) die_usage("--show-position needs --state");
    struct buffer file = {0};
    struct unpack in;
    output_standard(&l->output);
    clock_init(&l->clock, 0, 0);
    if (state_read(shared.state, l->tool->name, &file, &in)) {
        (void)unpack_text(&in); /* the options */
        if (!clock_load(&l->clock, &in) || !positions_load(&l->positions, &in))
            state_end(shared.state, &in, false);
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
void checkpoint_seek(struct loop *l)
{
    if (shared.state == NULL) return;
    positions_apply(&l->positions, &l->inputs);
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        if (input->begun && input->framing == FRAMING_NONE)
            intake_join(l, input, clock_partition(&l->clock, input->number));
    }
}

/* All that the state will count on is written: makes it durable and commits it. In a child, or in
 * the run itself. */
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
    return l->stats.read != l->saved.read || rows_count(l->run.rows) != l->saved.rows ||
           l->told_us != l->saved.told_us;
}

/* Brings everything to a point that can be saved. */
static void save_prepare(struct loop *l)
{
    loop_flush(l);
    if (shared.spool != NULL) spool_cut(&l->spool);
    saved_note(l);
}

static void save_done(struct loop *l)
{
    if (shared.spool != NULL) spool_sealed(&l->spool);
}

/* Saves when it is time. Returns how long it is until then. */
int64_t checkpoint_tick(struct loop *l)
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
void checkpoint_last(struct loop *l)
{
    if (shared.state == NULL) return;
    if (saver_ended(&l->saver, true)) save_done(l);
    if (l->resumed && l->inputs.bytes_read == 0 && !saved_differs(l) && !shared.flush) return;
    save_prepare(l);
    state_write(l);
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
    if (!l->full) return;
    if (loop_keys(l) > (uint64_t)shared.max_keys)
        message("more than %lld keys (ids, groups, partitions) are held at once: --max-keys=N "
                "raises the bound",
                (long long)shared.max_keys);
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
        const struct origin origin = {
            .input = input,
            .raw = {.text = input->data + input->start, .len = input->end - input->start},
            .line_number = input->lines + 1,
            .partition = -1,
            .offset = -1,
        };
        l->stats.read++;
        intake_refuse(l, REASON_TORN, NULL, &origin);
    }
}

/* The command goes on where time stands. */
void checkpoint_resume(struct loop *l)
{
    if (!l->resumed) return;
    l->told_us = l->clock.floor_us;
    if (l->told_us != TIME_NONE && l->tool->advance != NULL) l->tool->advance(&l->run, l->told_us);
    saved_note(l);
    l->full = loop_keys(l) > (uint64_t)shared.max_keys || held_full();
    checkpoint_full(l);
}
