#include "session/clickpath.h"

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
static inline char *clickpath_extend(struct clickpath *clickpath, struct slab *slab, size_t more)
{
    const size_t len = clickpath->len + more;

    len_check(len);
    if (slab_room(len) != slab_room(clickpath->len))
        clickpath->data = slab_resize(slab, clickpath->data, clickpath->len, len);
    char *to = clickpath->data + clickpath->len;
    clickpath->len = (uint32_t)len;
    return to;
}

static void clickpath_shorten(struct clickpath *clickpath, struct slab *slab, uint32_t len)
{
    if (slab_room(len) != slab_room(clickpath->len))
        clickpath->data = slab_resize(slab, clickpath->data, clickpath->len, len);
    clickpath->len = len;
}

void clickpath_release(struct clickpath *clickpath, struct slab *slab)
{
    slab_give(slab, clickpath->data, clickpath->len);
    *clickpath = (struct clickpath){0};
}

/* --- adding --- */

/* The page that a step behind the last one may be the same as; text NULL: none, or it would have to
 * be looked for. */
static inline struct slice page_before(const struct clickpath *clickpath)
{
    if (clickpath->kept == 0 || clickpath->kept >= CLICKPATH_MAX) return (struct slice){0};
    const char *at = clickpath->data + clickpath->page_at;
    (void)varint_read(&at);
    const uint64_t which = varint_read(&at) >> 1;
    return which < PAGE_OWN ? (struct slice){0}
                            : (struct slice){.text = at, .len = (size_t)(which - PAGE_OWN)};
}

/* Puts a step behind all others, none of which is loose, and which end since_us before it. */
static inline void step_append(struct clickpath *clickpath, struct slab *slab,
                               const struct step *step, uint64_t since_us)
{
    const bool has_page = step->page.text != NULL;
    const struct slice before = has_page ? page_before(clickpath) : (struct slice){0};
    const bool is_same = before.text != NULL && slice_equal(before, step->page);
    const bool is_own = has_page && !is_same;
    const size_t page_len = is_own ? step->page.len : 0;
    const uint64_t code = step_code(step, is_same);
    const uint32_t at = clickpath->len;
    char *to =
        clickpath_extend(clickpath, slab, varint_len(since_us) + varint_len(code) + page_len);

    to += varint_write(to, since_us);
    to += varint_write(to, code);
    if (is_own) {
        memcpy(to, step->page.text, page_len);
        clickpath->page_at = at;
    }
    clickpath->last_at = at;
    clickpath->last_us = step->time_us;
    clickpath->kept++;
}

/* The same of one that may come when there are as many as are kept. */
static inline void step_put(struct clickpath *clickpath, struct slab *slab, const struct step *step)
{
    uint64_t since_us = (uint64_t)step->time_us - (uint64_t)clickpath->last_us;

    if (clickpath->kept >= CLICKPATH_MAX) {
        if (step->page.text == NULL) return;
        if (clickpath->kept > CLICKPATH_MAX) {
            const char *last = clickpath->data + clickpath->last_at;
            since_us += varint_read(&last);
            clickpath_shorten(clickpath, slab, clickpath->last_at);
            clickpath->kept--;
        }
    }
    step_append(clickpath, slab, step, since_us);
}

/* So many are worth going through all that are there. */
static uint32_t clickpath_worth(const struct clickpath *clickpath)
{
    return clickpath->kept / 8 + 8;
}

/* A step that is not behind all others, or comes when some are loose. */
static void step_wait(struct clickpath *clickpath, struct slab *slab, const struct step *step)
{
    char head[sizeof step->time_us + VARINT_MAX];
    memcpy(head, &step->time_us, sizeof step->time_us);
    const size_t head_len =
        sizeof step->time_us + varint_write(head + sizeof step->time_us, step_code(step, false));
    const struct slice page = step->page.text == NULL ? (struct slice){0} : step->page;
    char *to = clickpath_extend(clickpath, slab, head_len + page.len);

    bytes_write(bytes_write(to, (struct slice){.text = head, .len = head_len}), page);
    if (++clickpath->loose >= clickpath_worth(clickpath)) clickpath_settle(clickpath, slab);
}

/* One that is counted already. */
static void step_take(struct clickpath *clickpath, struct slab *slab, const struct step *step)
{
    if (clickpath->loose == 0 && (clickpath->kept == 0 || step->time_us > clickpath->last_us))
        step_put(clickpath, slab, step);
    else
        step_wait(clickpath, slab, step);
}

static void steps_count(struct clickpath *clickpath, uint32_t more)
{
    if (__builtin_add_overflow(clickpath->all, more, &clickpath->all)) clickpath->all = UINT32_MAX;
}

void clickpath_add(struct clickpath *clickpath, struct slab *slab, const struct step *step)
{
    steps_count(clickpath, 1);
    if (__builtin_expect(clickpath->loose == 0 && clickpath->kept < CLICKPATH_MAX &&
                             (clickpath->kept == 0 || step->time_us > clickpath->last_us),
                         1))
        step_append(clickpath, slab, step, (uint64_t)step->time_us - (uint64_t)clickpath->last_us);
    else
        step_take(clickpath, slab, step);
}

/* --- putting together --- */

/* Steps in order, one behind the other, of a walk or of an array. */
struct steps {
    struct clickpath_walk walk;
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
        clickpath_walk_next(&steps->walk);
    else
        steps->step++;
}

/* Makes the steps of a clickpath anew, of both. */
static void clickpath_merge(struct clickpath *clickpath, struct slab *slab, struct steps a,
                            struct steps b)
{
    struct clickpath merged = {.all = clickpath->all};

    for (;;) {
        const struct step *one = steps_first(&a), *other = steps_first(&b);
        if (one == NULL && other == NULL) break;
        const bool is_one = other == NULL || (one != NULL && step_compare(one, other) <= 0);
        step_put(&merged, slab, is_one ? one : other);
        steps_next(is_one ? &a : &b);
    }
    clickpath_release(clickpath, slab);
    *clickpath = merged;
}

static int step_order(const void *a, const void *b)
{
    return step_compare(a, b);
}

void clickpath_settle(struct clickpath *clickpath, struct slab *slab)
{
    if (clickpath->loose == 0) return;
    struct step *loose = memory_zero(clickpath->loose, sizeof *loose);
    struct clickpath_walk walk = clickpath_walk(clickpath);
    const char *at = clickpath->data;

    for (struct clickpath_walk ahead = walk; ahead.left > 0; clickpath_walk_next(&ahead))
        at = ahead.at;
    for (uint32_t i = 0; i < clickpath->loose; i++) {
        struct slice page = {0};
        memcpy(&loose[i].time_us, at, sizeof loose[i].time_us);
        at += sizeof loose[i].time_us;
        step_read(&at, &loose[i], &page);
    }
    qsort(loose, clickpath->loose, sizeof *loose, step_order);
    clickpath_merge(clickpath, slab, (struct steps){.walk = walk},
                    (struct steps){.step = loose, .end = loose + clickpath->loose});
    free(loose);
}

void clickpath_join(struct clickpath *clickpath, struct slab *slab, struct clickpath *more)
{
    if (more->kept + more->loose > clickpath->kept + clickpath->loose) {
        const struct clickpath copy = *clickpath; /* the less is added to the more */
        *clickpath = *more;
        *more = copy;
    }
    clickpath_settle(more, slab);
    steps_count(clickpath, more->all);
    struct clickpath_walk walk = clickpath_walk(more);
    if (walk.left > clickpath_worth(clickpath) && walk.step.time_us <= clickpath->last_us) {
        clickpath_settle(clickpath, slab);
        clickpath_merge(clickpath, slab, (struct steps){.walk = clickpath_walk(clickpath)},
                        (struct steps){.walk = walk});
    } else {
        for (; walk.left > 0; clickpath_walk_next(&walk))
            step_take(clickpath, slab, &walk.step);
    }
    clickpath_release(more, slab);
}

/* --- for the state --- */

void clickpath_pack(const struct clickpath *clickpath, struct buffer *out)
{
    pack_u32(out, clickpath->all);
    pack_u32(out, clickpath->kept);
    pack_text(out, (struct slice){.text = clickpath->data, .len = clickpath->len});
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

void clickpath_unpack(struct clickpath *clickpath, struct slab *slab, struct unpack *in)
{
    const uint32_t all = unpack_u32(in), kept = unpack_u32(in);
    const struct slice bytes = unpack_text(in);
    const char *at = bytes.text, *end = bytes.text + bytes.len;
    struct step step = {0}, before;
    struct slice page = {0};
    bool good = !in->broken && kept <= all && kept <= CLICKPATH_MAX + 1 &&
                (kept >= all || kept >= CLICKPATH_MAX);

    *clickpath = (struct clickpath){0};
    for (uint32_t i = 0; good && i < kept; i++) {
        before = step;
        good = step_whole(&at, end, &step, &page) && (i == 0 || step_compare(&before, &step) <= 0);
        if (good) step_put(clickpath, slab, &step);
    }
    if (good && at == end) {
        clickpath->all = all;
        return;
    }
    in->broken = true;
    clickpath_release(clickpath, slab);
}
