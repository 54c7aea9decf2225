#include "run/readings.h"

#include <stdlib.h>

#include "base/memory.h"
#include "run/common_options.h"
#include "run/state.h"

/* Of an input of framed records. */
struct kept {
    bool bound; /* number is that of a partition, and not a place on the command line */
    int64_t number;
    struct buffer reading; /* as bytes; empty: its records are events */
};

static struct {
    struct kept *kept;
    size_t count;
} own;

/* Does the input go without a position, so that it is to be found here? */
static bool is_ours(const struct input *input)
{
    return !input_lasts(input) && input->framing != FRAMING_NONE &&
           input->framing != FRAMING_AUTO && input->begun;
}

static struct kept key_of(const struct loop *l, const struct input *input)
{
    const bool bound = input->bound >= 0;
    return (struct kept){.bound = bound,
                         .number = bound ? input->bound : (int64_t)(input - l->inputs.input)};
}

static struct kept *kept_find(struct kept key)
{
    for (size_t i = 0; i < own.count; i++)
        if (own.kept[i].bound == key.bound && own.kept[i].number == key.number) return &own.kept[i];
    return NULL;
}

static struct kept *kept_get(struct kept key)
{
    struct kept *const found = kept_find(key);
    if (found != NULL) return found;
    own.kept = memory_resize(own.kept, own.count + 1, sizeof own.kept[0]);
    own.kept[own.count] = key;
    return &own.kept[own.count++];
}

void readings_note(struct loop *l)
{
    if (l->run.translator == NULL) return;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *const input = &l->inputs.input[i];
        if (input->consumed == 0) continue;
        buffer_clear(&input->kept);
        if (input->reading != NULL) l->run.translator->save(input->reading, &input->kept);
        if (!is_ours(input)) continue;
        struct kept *const kept = kept_get(key_of(l, input));
        buffer_clear(&kept->reading);
        buffer_add_slice(&kept->reading, buffer_slice(&input->kept));
    }
}

void readings_save(struct buffer *out)
{
    pack_u64(out, own.count);
    for (size_t i = 0; i < own.count; i++) {
        pack_u8(out, own.kept[i].bound);
        pack_i64(out, own.kept[i].number);
        pack_text(out, buffer_slice(&own.kept[i].reading));
    }
}

bool readings_load(struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const bool bound = unpack_u8(in) != 0;
        struct kept *const kept = kept_get((struct kept){.bound = bound, .number = unpack_i64(in)});
        buffer_clear(&kept->reading);
        buffer_add_slice(&kept->reading, unpack_text(in));
    }
    return !in->broken;
}

/* The reading that was kept as these bytes. */
static void reading_load(const struct loop *l, struct input *input, struct slice kept)
{
    const struct translator *const translator = l->run.translator;
    struct unpack in = {.at = kept.text, .end = kept.text + kept.len};
    input->reading = translator->load(translator->self, &in);
    state_end(options->state, &in, true);
}

void readings_resume(struct loop *l)
{
    for (int i = 0; i < l->inputs.count && l->run.translator != NULL; i++) {
        struct input *const input = &l->inputs.input[i];
        if (input->begun) reading_load(l, input, buffer_slice(&input->kept));
    }
}

static const struct kept *kept_of(const struct loop *l, const struct input *input)
{
    const bool ours = !input_lasts(input) && input->framing != FRAMING_NONE;
    return ours ? kept_find(key_of(l, input)) : NULL;
}

bool readings_known(const struct loop *l, const struct input *input)
{
    return kept_of(l, input) != NULL;
}

bool readings_begin(const struct loop *l, struct input *input)
{
    const struct kept *const kept = kept_of(l, input);
    if (kept != NULL) reading_load(l, input, buffer_slice(&kept->reading));
    return kept != NULL;
}

void readings_release(void)
{
    for (size_t i = 0; i < own.count; i++)
        buffer_release(&own.kept[i].reading);
    free(own.kept);
    own.kept = NULL;
    own.count = 0;
}
