#include "session/track.h"

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

#define PIECE_SMALL 64
#define PIECE_LARGE 2048

/* How long the piece is that holds so many bytes. A page is about as long as the steps between the
 * slab's sizes: with these each step would move the track. */
static inline size_t piece_len(size_t len)
{
    if (len == 0) return 0;
    if (len <= PIECE_SMALL) return PIECE_SMALL;
    if (len <= PIECE_LARGE) return (size_t)1 << (64 - __builtin_clzll(len - 1));
    return slab_room(len);
}

/* Makes it so many bytes longer; returns where they go. */
static inline char *track_extend(struct track *track, struct slab *slab, size_t more)
{
    const size_t len = track->len + more;

    len_check(len);
    if (piece_len(len) != piece_len(track->len))
        track->data = slab_resize(slab, track->data, piece_len(track->len), piece_len(len));
    char *to = track->data + track->len;
    track->len = (uint32_t)len;
    return to;
}

static void track_shorten(struct track *track, struct slab *slab, uint32_t len)
{
    if (piece_len(len) != piece_len(track->len))
        track->data = slab_resize(slab, track->data, piece_len(track->len), piece_len(len));
    track->len = len;
}

void track_release(struct track *track, struct slab *slab)
{
    slab_give(slab, track->data, piece_len(track->len));
    *track = (struct track){0};
}

/* --- adding --- */

/* The page that a step behind the last one may be the same as; text NULL: none, or it would have to
 * be looked for. */
static inline struct slice page_before(const struct track *track)
{
    if (track->kept == 0 || track->kept >= TRACK_MAX) return (struct slice){0};
    const char *at = track->data + track->page_at;
    (void)varint_read(&at);
    const uint64_t which = varint_read(&at) >> 1;
    return which < PAGE_OWN ? (struct slice){0}
                            : (struct slice){.text = at, .len = (size_t)(which - PAGE_OWN)};
}

/* Puts a step behind all others, none of which is loose, and which end since_us before it. */
static inline void step_append(struct track *track, struct slab *slab, const struct step *step,
                               uint64_t since_us)
{
    const bool has_page = step->page.text != NULL;
    const struct slice before = has_page ? page_before(track) : (struct slice){0};
    const bool is_same = before.text != NULL && slice_equal(before, step->page);
    const bool is_own = has_page && !is_same;
    const size_t page_len = is_own ? step->page.len : 0;
    const uint64_t code = step_code(step, is_same);
    const uint32_t at = track->len;
    char *to = track_extend(track, slab, varint_len(since_us) + varint_len(code) + page_len);

    to += varint_write(to, since_us);
    to += varint_write(to, code);
    if (is_own) {
        memcpy(to, step->page.text, page_len);
        track->page_at = at;
    }
    track->last_at = at;
    track->last_us = step->time_us;
    track->kept++;
}

/* The same of one that may come when there are as many as are kept. */
static inline void step_put(struct track *track, struct slab *slab, const struct step *step)
{
    uint64_t since_us = (uint64_t)step->time_us - (uint64_t)track->last_us;

    if (track->kept >= TRACK_MAX) {
        if (step->page.text == NULL) return;
        if (track->kept > TRACK_MAX) {
            const char *last = track->data + track->last_at;
            since_us += varint_read(&last);
            track_shorten(track, slab, track->last_at);
            track->kept--;
        }
    }
    step_append(track, slab, step, since_us);
}

/* So many are worth going through all that are there. */
static uint32_t track_worth(const struct track *track)
{
    return track->kept / 8 + 8;
}

/* A step that is not behind all others, or comes when some are loose. */
static void step_wait(struct track *track, struct slab *slab, const struct step *step)
{
    char head[sizeof step->time_us + VARINT_MAX];
    memcpy(head, &step->time_us, sizeof step->time_us);
    const size_t head_len =
        sizeof step->time_us + varint_write(head + sizeof step->time_us, step_code(step, false));
    const struct slice page = step->page.text == NULL ? (struct slice){0} : step->page;
    char *to = track_extend(track, slab, head_len + page.len);

    bytes_write(bytes_write(to, (struct slice){.text = head, .len = head_len}), page);
    if (++track->loose >= track_worth(track)) track_settle(track, slab);
}

/* One that is counted already. */
static void step_take(struct track *track, struct slab *slab, const struct step *step)
{
    if (track->loose == 0 && (track->kept == 0 || step->time_us > track->last_us))
        step_put(track, slab, step);
    else
        step_wait(track, slab, step);
}

static void steps_count(struct track *track, uint32_t more)
{
    if (__builtin_add_overflow(track->all, more, &track->all)) track->all = UINT32_MAX;
}

void track_add(struct track *track, struct slab *slab, const struct step *step)
{
    steps_count(track, 1);
    if (__builtin_expect(track->loose == 0 && track->kept < TRACK_MAX &&
                             (track->kept == 0 || step->time_us > track->last_us),
                         1))
        step_append(track, slab, step, (uint64_t)step->time_us - (uint64_t)track->last_us);
    else
        step_take(track, slab, step);
}

/* --- putting together --- */

/* Steps in order, one behind the other, of a walk or of an array. */
struct steps {
    struct track_walk walk;
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
        track_walk_next(&steps->walk);
    else
        steps->step++;
}

/* Makes the steps of a track anew, of both. */
static void track_merge(struct track *track, struct slab *slab, struct steps a, struct steps b)
{
    struct track merged = {.all = track->all};

    for (;;) {
        const struct step *one = steps_first(&a), *other = steps_first(&b);
        if (one == NULL && other == NULL) break;
        const bool is_one = other == NULL || (one != NULL && step_compare(one, other) <= 0);
        step_put(&merged, slab, is_one ? one : other);
        steps_next(is_one ? &a : &b);
    }
    track_release(track, slab);
    *track = merged;
}

static int step_order(const void *a, const void *b)
{
    return step_compare(a, b);
}

void track_settle(struct track *track, struct slab *slab)
{
    if (track->loose == 0) return;
    struct step *loose = memory_zero(track->loose, sizeof *loose);
    struct track_walk walk = track_walk(track);
    const char *at = track->data;

    for (struct track_walk ahead = walk; ahead.left > 0; track_walk_next(&ahead))
        at = ahead.at;
    for (uint32_t i = 0; i < track->loose; i++) {
        struct slice page = {0};
        memcpy(&loose[i].time_us, at, sizeof loose[i].time_us);
        at += sizeof loose[i].time_us;
        step_read(&at, &loose[i], &page);
    }
    qsort(loose, track->loose, sizeof *loose, step_order);
    track_merge(track, slab, (struct steps){.walk = walk},
                (struct steps){.step = loose, .end = loose + track->loose});
    free(loose);
}

void track_join(struct track *track, struct slab *slab, struct track *more)
{
    if (more->kept + more->loose > track->kept + track->loose) {
        const struct track copy = *track; /* the less is added to the more */
        *track = *more;
        *more = copy;
    }
    track_settle(more, slab);
    steps_count(track, more->all);
    struct track_walk walk = track_walk(more);
    if (walk.left > track_worth(track) && walk.step.time_us <= track->last_us) {
        track_settle(track, slab);
        track_merge(track, slab, (struct steps){.walk = track_walk(track)},
                    (struct steps){.walk = walk});
    } else {
        for (; walk.left > 0; track_walk_next(&walk))
            step_take(track, slab, &walk.step);
    }
    track_release(more, slab);
}

/* --- for the state --- */

void track_pack(const struct track *track, struct buffer *out)
{
    pack_u32(out, track->all);
    pack_u32(out, track->kept);
    pack_text(out, (struct slice){.text = track->data, .len = track->len});
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

void track_unpack(struct track *track, struct slab *slab, struct unpack *in)
{
    const uint32_t all = unpack_u32(in), kept = unpack_u32(in);
    const struct slice bytes = unpack_text(in);
    const char *at = bytes.text, *end = bytes.text + bytes.len;
    struct step step = {0}, before;
    struct slice page = {0};
    bool good =
        !in->broken && kept <= all && kept <= TRACK_MAX + 1 && (kept >= all || kept >= TRACK_MAX);

    *track = (struct track){0};
    for (uint32_t i = 0; good && i < kept; i++) {
        before = step;
        good = step_whole(&at, end, &step, &page) && (i == 0 || step_compare(&before, &step) <= 0);
        if (good) step_put(track, slab, &step);
    }
    if (good && at == end) {
        track->all = all;
        return;
    }
    in->broken = true;
    track_release(track, slab);
}
