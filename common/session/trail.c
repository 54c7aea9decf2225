#include "session/trail.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"

#define HEAD_MAX (2 * VARINT_MAX)

int step_compare(const struct step *a, const struct step *b)
{
    if (a->time_us != b->time_us) return a->time_us < b->time_us ? -1 : 1;
    if (a->page.text == NULL || b->page.text == NULL)
        return (a->page.text != NULL) - (b->page.text != NULL);
    const int order = slice_compare(a->page, b->page);
    return order != 0 ? order : (int)b->is_view - (int)a->is_view;
}

/* --- bytes --- */

static uint64_t step_code(const struct step *step, bool is_same)
{
    const uint64_t page = step->page.text == NULL ? PAGE_NONE
                          : is_same               ? PAGE_SAME
                                                  : PAGE_OWN + (uint64_t)step->page.len;

    return page << 1 | (step->is_view ? 0 : STEP_OTHER);
}

static void len_check(uint64_t len)
{
    if (len > UINT32_MAX) die("no memory for more than 4 GiB of the pages of one session");
}

/* Makes it so many bytes longer; returns where they go. */
static inline char *trail_extend(struct trail *trail, struct slab *slab, size_t more)
{
    const size_t len = trail->len + more;

    len_check(len);
    if (slab_room(len) != slab_room(trail->len))
        trail->data = slab_resize(slab, trail->data, trail->len, len);
    char *to = trail->data + trail->len;
    trail->len = (uint32_t)len;
    return to;
}

static void trail_shorten(struct trail *trail, struct slab *slab, uint32_t len)
{
    if (slab_room(len) != slab_room(trail->len))
        trail->data = slab_resize(slab, trail->data, trail->len, len);
    trail->len = len;
}

void trail_release(struct trail *trail, struct slab *slab)
{
    slab_give(slab, trail->data, trail->len);
    *trail = (struct trail){0};
}

/* --- adding --- */

/* The page that a step behind the last one may be the same as; text NULL: none, or it would have to
 * be looked for. */
static inline struct slice page_before(const struct trail *trail)
{
    if (trail->kept == 0 || trail->kept >= TRAIL_MAX) return (struct slice){0};
    const char *at = trail->data + trail->page_at;
    (void)varint_read(&at);
    const uint64_t which = varint_read(&at) >> 1;
    return which < PAGE_OWN ? (struct slice){0}
                            : (struct slice){.text = at, .len = (size_t)(which - PAGE_OWN)};
}

/* Puts a step behind all others, none of which is loose, and which end since_us before it. */
static inline void step_append(struct trail *trail, struct slab *slab, const struct step *step,
                               uint64_t since_us)
{
    const bool has_page = step->page.text != NULL;
    const struct slice before = has_page ? page_before(trail) : (struct slice){0};
    const bool is_same = before.text != NULL && slice_equal(before, step->page);
    const bool is_own = has_page && !is_same;
    const size_t page_len = is_own ? step->page.len : 0;
    const uint64_t code = step_code(step, is_same);
    const uint32_t at = trail->len;
    char *to = trail_extend(trail, slab, varint_len(since_us) + varint_len(code) + page_len);

    to += varint_write(to, since_us);
    to += varint_write(to, code);
    if (is_own) {
        memcpy(to, step->page.text, page_len);
        trail->page_at = at;
    }
    trail->last_at = at;
    trail->last_us = step->time_us;
    trail->kept++;
}

/* The same of one that may come when there are as many as are kept. */
static inline void step_put(struct trail *trail, struct slab *slab, const struct step *step)
{
    uint64_t since_us = (uint64_t)step->time_us - (uint64_t)trail->last_us;

    if (trail->kept >= TRAIL_MAX) {
        if (step->page.text == NULL) return;
        if (trail->kept > TRAIL_MAX) {
            const char *last = trail->data + trail->last_at;
            since_us += varint_read(&last);
            trail_shorten(trail, slab, trail->last_at);
            trail->kept--;
        }
    }
    step_append(trail, slab, step, since_us);
}

/* So many are worth going through all that are there. */
static uint32_t trail_worth(const struct trail *trail)
{
    return trail->kept / 8 + 8;
}

/* A step that is not behind all others, or comes when some are loose. */
static void step_wait(struct trail *trail, struct slab *slab, const struct step *step)
{
    char head[sizeof step->time_us + VARINT_MAX];
    memcpy(head, &step->time_us, sizeof step->time_us);
    const size_t head_len =
        sizeof step->time_us + varint_write(head + sizeof step->time_us, step_code(step, false));
    const struct slice page = step->page.text == NULL ? (struct slice){0} : step->page;
    char *to = trail_extend(trail, slab, head_len + page.len);

    bytes_write(bytes_write(to, (struct slice){.text = head, .len = head_len}), page);
    if (++trail->loose >= trail_worth(trail)) trail_settle(trail, slab);
}

/* One that is counted already. */
static void step_take(struct trail *trail, struct slab *slab, const struct step *step)
{
    if (trail->loose == 0 && (trail->kept == 0 || step->time_us > trail->last_us))
        step_put(trail, slab, step);
    else
        step_wait(trail, slab, step);
}

static void steps_count(struct trail *trail, uint32_t more)
{
    if (__builtin_add_overflow(trail->all, more, &trail->all)) trail->all = UINT32_MAX;
}

void trail_add(struct trail *trail, struct slab *slab, const struct step *step)
{
    steps_count(trail, 1);
    if (__builtin_expect(trail->loose == 0 && trail->kept < TRAIL_MAX &&
                             (trail->kept == 0 || step->time_us > trail->last_us),
                         1))
        step_append(trail, slab, step, (uint64_t)step->time_us - (uint64_t)trail->last_us);
    else
        step_take(trail, slab, step);
}

/* --- putting together --- */

/* Steps in order, one behind the other, of a walk or of an array. */
struct steps {
    struct trail_walk walk;
    const struct step *step, *end; /* NULL: it is the walk */
};

static const struct step *steps_first(const struct steps *steps)
{
    if (steps->step == NULL) return steps->walk.left > 0 ? &steps->walk.step : NULL;
    return steps->step < steps->end ? steps->step : NULL;
}

static void steps_next(struct steps *steps)
{
    if (steps->step == NULL)
        trail_walk_next(&steps->walk);
    else
        steps->step++;
}

/* Makes the steps of a trail anew, of both. */
static void trail_merge(struct trail *trail, struct slab *slab, struct steps a, struct steps b)
{
    struct trail merged = {.all = trail->all};

    for (;;) {
        const struct step *one = steps_first(&a), *other = steps_first(&b);
        if (one == NULL && other == NULL) break;
        const bool is_one = other == NULL || (one != NULL && step_compare(one, other) <= 0);
        step_put(&merged, slab, is_one ? one : other);
        steps_next(is_one ? &a : &b);
    }
    trail_release(trail, slab);
    *trail = merged;
}

static int step_order(const void *a, const void *b)
{
    return step_compare(a, b);
}

void trail_settle(struct trail *trail, struct slab *slab)
{
    if (trail->loose == 0) return;
    struct step *loose = memory_zero(trail->loose, sizeof *loose);
    struct trail_walk walk = trail_walk(trail);
    const char *at = trail->data;

    for (struct trail_walk ahead = walk; ahead.left > 0; trail_walk_next(&ahead))
        at = ahead.at;
    for (uint32_t i = 0; i < trail->loose; i++) {
        struct slice page = {0};
        memcpy(&loose[i].time_us, at, sizeof loose[i].time_us);
        at += sizeof loose[i].time_us;
        step_read(&at, &loose[i], &page);
    }
    qsort(loose, trail->loose, sizeof *loose, step_order);
    trail_merge(trail, slab, (struct steps){.walk = walk},
                (struct steps){.step = loose, .end = loose + trail->loose});
    free(loose);
}

void trail_join(struct trail *trail, struct slab *slab, struct trail *more)
{
    if (more->kept + more->loose > trail->kept + trail->loose) {
        const struct trail copy = *trail; /* the less is added to the more */
        *trail = *more;
        *more = copy;
    }
    trail_settle(more, slab);
    steps_count(trail, more->all);
    struct trail_walk walk = trail_walk(more);
    if (walk.left > trail_worth(trail) && walk.step.time_us <= trail->last_us) {
        trail_settle(trail, slab);
        trail_merge(trail, slab, (struct steps){.walk = trail_walk(trail)},
                    (struct steps){.walk = walk});
    } else {
        for (; walk.left > 0; trail_walk_next(&walk))
            step_take(trail, slab, &walk.step);
    }
    trail_release(more, slab);
}

/* --- for the state --- */

void trail_pack(const struct trail *trail, struct buffer *out)
{
    pack_u32(out, trail->all);
    pack_u32(out, trail->kept);
    pack_text(out, (struct slice){.text = trail->data, .len = trail->len});
}

/* A step that ends within its bytes, and comes not before the one before. */
static bool step_whole(const char **at, const char *end, struct step *step, struct slice *page)
{
    const struct step before = *step;

    if (!varint_whole(*at, end)) return false;
    step->time_us = (int64_t)((uint64_t)before.time_us + varint_read(at));
    if (step->time_us < INSTANT_MIN || step->time_us > INSTANT_MAX) return false;
    const char *look = *at;
    if (!varint_whole(look, end)) return false;
    const uint64_t code = varint_read(&look), which = code >> 1;
    if (which == PAGE_NONE   ? (code & STEP_OTHER) != 0
        : which == PAGE_SAME ? page->text == NULL
                             : which - PAGE_OWN > (uint64_t)(end - look))
        return false;
    step_read(at, step, page);
    return true;
}

void trail_unpack(struct trail *trail, struct slab *slab, struct unpack *in)
{
    const uint32_t all = unpack_u32(in), kept = unpack_u32(in);
    const struct slice bytes = unpack_text(in);
    const char *at = bytes.text, *end = bytes.text + bytes.len;
    struct step step = {0}, before;
    struct slice page = {0};
    bool good =
        !in->broken && kept <= all && kept <= TRAIL_MAX + 1 && (kept >= all || kept >= TRAIL_MAX);

    *trail = (struct trail){0};
    for (uint32_t i = 0; good && i < kept; i++) {
        before = step;
        good = step_whole(&at, end, &step, &page) && (i == 0 || step_compare(&before, &step) <= 0);
        if (good) step_put(trail, slab, &step);
    }
    if (good && at == end) {
        trail->all = all;
        return;
    }
    in->broken = true;
    trail_release(trail, slab);
}
