#include "session/extras.h"

uint32_t extras_measure(const struct kept *kept)
{
    return (uint32_t)((size_t)kept->sums * SUM_BYTES + (kept->has_clickpath ? CLICKPATH_BYTES : 0));
}

static void clickpath_learn(const struct kept *kept, struct slab *slab, char *at,
                            const struct click *click)
{
    const struct value page = click->value[kept->clickpath_slot];
    const bool has_page = page.kind == KIND_STRING;
    const struct step step = {.time_us = click->time_us,
                              .page = has_page ? value_slice(page) : (struct slice){0},
                              .is_view = click->action == kept->view_action};

    if (!has_page && !step.is_view) return;
    struct clickpath clickpath = clickpath_read(at);
    clickpath_add(&clickpath, slab, &step);
    clickpath_write(at, &clickpath);
}

void extras_learn(const struct kept *kept, struct slab *slab, char *at, const struct click *click)
{
    sums_learn(kept, at, click);
    if (kept->has_clickpath) clickpath_learn(kept, slab, at + extras_clickpath_at(kept), click);
}

void extras_join(const struct kept *kept, struct slab *slab, char *at, char *more)
{
    sums_join(kept, at, more);
    if (!kept->has_clickpath) return;
    struct clickpath clickpath = clickpath_read(at + extras_clickpath_at(kept));
    struct clickpath other = clickpath_read(more + extras_clickpath_at(kept));
    clickpath_join(&clickpath, slab, &other);
    clickpath_write(at + extras_clickpath_at(kept), &clickpath);
    clickpath_write(more + extras_clickpath_at(kept), &other);
}

void extras_settle(const struct kept *kept, struct slab *slab, char *at)
{
    if (!kept->has_clickpath) return;
    struct clickpath clickpath = clickpath_read(at + extras_clickpath_at(kept));
    for (uint32_t at_byte = 0; at_byte < clickpath.len && at_byte < 512; at_byte += 64)
        __builtin_prefetch(clickpath.data + at_byte); /* it will be walked through soon */
    if (clickpath.loose == 0) return;
    clickpath_settle(&clickpath, slab);
    clickpath_write(at + extras_clickpath_at(kept), &clickpath);
}

void extras_release(const struct kept *kept, struct slab *slab, char *at)
{
    if (!kept->has_clickpath) return;
    struct clickpath clickpath = clickpath_read(at + extras_clickpath_at(kept));
    clickpath_release(&clickpath, slab);
    clickpath_write(at + extras_clickpath_at(kept), &clickpath);
}

void extras_pack(const struct kept *kept, const char *at, char *copy, struct buffer *out)
{
    if (!kept->has_clickpath) return;
    const size_t before = extras_clickpath_at(kept);
    const struct clickpath clickpath = clickpath_read(at + before);
    memset(copy + before, 0, CLICKPATH_BYTES);
    clickpath_pack(&clickpath, out);
}

void extras_unpack(const struct kept *kept, struct slab *slab, char *at, struct unpack *in)
{
    struct clickpath clickpath;

    if (!kept->has_clickpath) return;
    clickpath_unpack(&clickpath, slab, in);
    clickpath_write(at + extras_clickpath_at(kept), &clickpath);
}
