#include "session/extras.h"

uint32_t extras_measure(const struct kept *kept)
{
    return (uint32_t)((size_t)kept->sums * SUM_BYTES + (kept->has_trail ? TRAIL_BYTES : 0));
}

static void trail_learn(const struct kept *kept, struct slab *slab, char *at,
                        const struct click *click)
{
    const struct value page = click->value[kept->trail_slot];
    const bool has_page = page.kind == KIND_STRING;
    const struct step step = {.time_us = click->time_us,
                              .page = has_page ? value_slice(page) : (struct slice){0},
                              .is_view = click->action == kept->view_action};

    if (!has_page && !step.is_view) return;
    struct trail trail = trail_read(at);
    trail_add(&trail, slab, &step);
    trail_write(at, &trail);
}

void extras_learn(const struct kept *kept, struct slab *slab, char *at, const struct click *click)
{
    sums_learn(kept, at, click);
    if (kept->has_trail) trail_learn(kept, slab, at + extras_trail_at(kept), click);
}

void extras_join(const struct kept *kept, struct slab *slab, char *at, char *more)
{
    sums_join(kept, at, more);
    if (!kept->has_trail) return;
    struct trail trail = trail_read(at + extras_trail_at(kept));
    struct trail other = trail_read(more + extras_trail_at(kept));
    trail_join(&trail, slab, &other);
    trail_write(at + extras_trail_at(kept), &trail);
    trail_write(more + extras_trail_at(kept), &other);
}

void extras_settle(const struct kept *kept, struct slab *slab, char *at)
{
    if (!kept->has_trail) return;
    struct trail trail = trail_read(at + extras_trail_at(kept));
    for (uint32_t at_byte = 0; at_byte < trail.len && at_byte < 512; at_byte += 64)
        __builtin_prefetch(trail.data + at_byte); /* it will be walked through soon */
    if (trail.loose == 0) return;
    trail_settle(&trail, slab);
    trail_write(at + extras_trail_at(kept), &trail);
}

void extras_release(const struct kept *kept, struct slab *slab, char *at)
{
    if (!kept->has_trail) return;
    struct trail trail = trail_read(at + extras_trail_at(kept));
    trail_release(&trail, slab);
    trail_write(at + extras_trail_at(kept), &trail);
}

void extras_pack(const struct kept *kept, const char *at, char *copy, struct buffer *out)
{
    if (!kept->has_trail) return;
    const size_t before = extras_trail_at(kept);
    const struct trail trail = trail_read(at + before);
    memset(copy + before, 0, TRAIL_BYTES);
    trail_pack(&trail, out);
}

void extras_unpack(const struct kept *kept, struct slab *slab, char *at, struct unpack *in)
{
    struct trail trail;

    if (!kept->has_trail) return;
    trail_unpack(&trail, slab, in);
    trail_write(at + extras_trail_at(kept), &trail);
}
