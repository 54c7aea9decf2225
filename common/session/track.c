#include "session/track.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"

#define LOOSE_HEAD (sizeof(int64_t) + sizeof(uint32_t)) /* a full time, and as behind others */

_Static_assert(TRACK_MAX + TRACK_MAX / 8 + 8 < UINT16_MAX, "how many are kept, and how many wait");

int step_compare(const struct step *a, const struct step *b)
{
    if (a->time_us != b->time_us) return a->time_us < b->time_us ? -1 : 1;
    if (a->page.text == NULL || b->page.text == NULL)
        return (a->page.text != NULL) - (b->page.text != NULL);
    const int order = slice_compare(a->page, b->page);
    return order != 0 ? order : (int)b->is_view - (int)a->is_view;
}

/* --- bytes --- */

static inline uint64_t code_of(const struct step *step, bool is_same)
{
    const uint64_t page = step->page.text == NULL ? PAGE_NONE
                          : is_same               ? PAGE_SAME
                                                  : PAGE_OWN + (uint64_t)step->page.len;

    return page << 1 | (step->is_view ? 0 : STEP_OTHER);
}

#define HEAD_LONG 16 /* bytes in front of a page, where the time is long */

/* Writes what is in front of a page; returns behind it. */
static inline char *head_write(char *to, uint64_t since_us, uint32_t code)
{
    const uint32_t word = since_us < STEP_LONG ? (uint32_t)since_us : STEP_LONG;

    memcpy(to, &word, sizeof word);
    to += sizeof word;
    if (word == STEP_LONG) {
        memcpy(to, &since_us, sizeof since_us);
        to += sizeof since_us;
    }
    memcpy(to, &code, sizeof code);
    return to + sizeof code;
}

static inline size_t head_len(uint64_t since_us)
{
    return since_us < STEP_LONG ? STEP_HEAD : HEAD_LONG;
}

#define PIECE_SMALL 128
#define PIECE_MIDDLE 512
#define PIECE_LARGE 2048

/* How long the piece is that holds so many bytes. A page is about as long as the steps between the
 * slab's sizes: with these each step would move the track. */
static size_t piece_len(size_t len)
{
    if (len == 0) return 0;
    if (len <= PIECE_SMALL) return PIECE_SMALL;
    if (len <= PIECE_MIDDLE) return PIECE_MIDDLE;
    if (len <= PIECE_LARGE) return (size_t)1 << (64 - __builtin_clzll(len - 1));
    return slab_room(len);
}

/* Makes the piece one for so many bytes. */
static __attribute__((noinline)) void piece_fit(struct track *track, struct slab *slab, size_t len)
{
    if (len > INT32_MAX) die("no memory for more than 2 GiB of the pages of one session");
    const size_t cap = piece_len(len);
    if (cap == track->cap) return;
    track->data = slab_resize(slab, track->data, track->cap, cap);
    track->cap = (uint32_t)cap;
}

/* Makes it so many bytes longer; returns where they go. */
static inline char *track_extend(struct track *track, struct slab *slab, size_t more)
{
    const size_t old_len = track->len;
    const size_t len = old_len + more;

    if (len > track->cap) piece_fit(track, slab, len);
    track->len = (uint32_t)len;
    return track->data + old_len;
}

static void track_shorten(struct track *track, struct slab *slab, uint32_t len)
{
    piece_fit(track, slab, len);
    track->len = len;
}

void track_release(struct track *track, struct slab *slab)
{
    slab_give(slab, track->data, track->cap);
    *track = (struct track){0};
}

/* --- adding --- */

/* Is the page of a step behind the last one the same as that of the step before? Where it is not
 * known without looking for it: no. */
static inline bool page_stays(const struct track *track, struct slice page)
{
    if (track->page_at == 0 || track->kept >= TRACK_MAX) return false;
    return slice_equal(track_page(track), page);
}

/* What stands in front of the first step. */
static void track_begin(struct track *track, struct slab *slab)
{
    memset(track_extend(track, slab, sizeof(struct track_sum)), 0, sizeof(struct track_sum));
}

/* Puts a step behind all others, none of which is loose, and which end since_us before it. */
static void step_append(struct track *track, struct tracks tracks, const struct step *step,
                        uint64_t since_us)
{
    const struct slice page = step->page;
    const bool is_same = page.text != NULL && page_stays(track, page);
    const bool is_own = page.text != NULL && !is_same;
    if (track->len == 0) track_begin(track, tracks.slab);
    const uint32_t at = track->len;
    char *to = track_extend(track, tracks.slab, head_len(since_us) + (is_own ? page.len : 0));
    char *behind = head_write(to, since_us, (uint32_t)code_of(step, is_same));

    if (is_own) {
        memcpy(behind, page.text, page.len);
        track->page_at = at + (uint32_t)(behind - to);
    }
    if (track->kept < TRACK_MAX && (is_own || step->is_view)) {
        struct track_sum *const sum = track_sum_of(track);
        track_sum_enter(sum, step->time_us, tracks.cap_us);
        if (is_own && sum->first_at == 0) sum->first_at = track->page_at;
    }
    track->last_at = at;
    track->last_us = step->time_us;
    track->kept++;
}

/* The same of one that may come when there are as many as are kept. */
static inline void step_put(struct track *track, struct tracks tracks, const struct step *step)
{
    uint64_t since_us = (uint64_t)step->time_us - (uint64_t)track->last_us;

    if (track->kept >= TRACK_MAX) {
        if (step->page.text == NULL) return;
        if (track->kept > TRACK_MAX) {
            const char *last = track->data + track->last_at;
            since_us += step_since(&last);
            track_shorten(track, tracks.slab, track->last_at);
            track->kept--;
        }
    }
    step_append(track, tracks, step, since_us);
}

/* So many are worth going through all that are there. */
static uint32_t track_worth(const struct track *track)
{
    return track->kept / 8 + 8;
}

/* A step that is not behind all others, or comes when some are loose. */
static void step_wait(struct track *track, struct tracks tracks, const struct step *step)
{
    const struct slice page = step->page;
    char *to = track_extend(track, tracks.slab, LOOSE_HEAD + page.len);
    const uint32_t code = (uint32_t)code_of(step, false);

    memcpy(to, &step->time_us, sizeof step->time_us);
    memcpy(to + sizeof step->time_us, &code, sizeof code);
    bytes_write(to + LOOSE_HEAD, page);
    if (++track->loose >= track_worth(track)) track_settle(track, tracks);
}

/* One that is counted already. */
static void step_take(struct track *track, struct tracks tracks, const struct step *step)
{
    if (track->loose == 0 && (track->kept == 0 || step->time_us > track->last_us))
        step_put(track, tracks, step);
    else
        step_wait(track, tracks, step);
}

static void steps_count(struct track *track, uint32_t more)
{
    track->all = track->all > UINT32_MAX - more ? UINT32_MAX : track->all + more;
}

void track_add(struct track *track, struct tracks tracks, const struct step *step)
{
    steps_count(track, 1);
    step_take(track, tracks, step);
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
static void track_merge(struct track *track, struct tracks tracks, struct steps a, struct steps b)
{
    struct track merged = {.all = track->all};

    for (;;) {
        const struct step *one = steps_first(&a), *other = steps_first(&b);
        if (one == NULL && other == NULL) break;
        const bool is_one = other == NULL || (one != NULL && step_compare(one, other) <= 0);
        step_put(&merged, tracks, is_one ? one : other);
        steps_next(is_one ? &a : &b);
    }
    track_release(track, tracks.slab);
    *track = merged;
}

static int step_order(const void *a, const void *b)
{
    return step_compare(a, b);
}

void track_settle(struct track *track, struct tracks tracks)
{
    if (track->loose == 0) return;
    struct step *loose = memory_zero(track->loose, sizeof *loose);
    struct track_walk walk = track_walk(track);
    const char *at = track_steps(track);

    for (struct track_walk ahead = walk; ahead.left > 0; track_walk_next(&ahead))
        at = ahead.at;
    for (uint32_t i = 0; i < track->loose; i++) {
        struct slice page = {0};
        memcpy(&loose[i].time_us, at, sizeof loose[i].time_us);
        at += sizeof loose[i].time_us;
        step_read(&at, step_code(&at), &loose[i], &page);
    }
    qsort(loose, track->loose, sizeof *loose, step_order);
    track_merge(track, tracks, (struct steps){.walk = walk},
                (struct steps){.step = loose, .end = loose + track->loose});
    free(loose);
}

void track_join(struct track *track, struct tracks tracks, struct track *more)
{
    if (more->kept + more->loose > track->kept + track->loose) {
        const struct track copy = *track; /* the less is added to the more */
        *track = *more;
        *more = copy;
    }
    track_settle(more, tracks);
    steps_count(track, more->all);
    struct track_walk walk = track_walk(more);
    if (walk.left > track_worth(track) && walk.step.time_us <= track->last_us) {
        track_settle(track, tracks);
        const struct steps own = {.walk = track_walk(track)}, other = {.walk = walk};
        track_merge(track, tracks, own, other);
    } else {
        for (; walk.left > 0; track_walk_next(&walk))
            step_take(track, tracks, &walk.step);
    }
    track_release(more, tracks.slab);
}

/* --- for the state --- */

/* The steps, as a state has them. */
static void steps_pack(const struct track *track, struct buffer *out)
{
    const char *at = track_steps(track);

    for (uint32_t i = 0; i < track->kept; i++) {
        const uint64_t since_us = step_since(&at);
        const uint32_t code = step_code(&at);
        const size_t page_len = code >> 1 < PAGE_OWN ? 0 : (code >> 1) - PAGE_OWN;
        char *const to = buffer_reserve(out, 2 * VARINT_MAX + page_len);
        char *behind = to + varint_write(to, since_us);
        behind += varint_write(behind, code);
        behind = bytes_write(behind, (struct slice){.text = at, .len = page_len});
        out->len += (size_t)(behind - to);
        at += page_len;
    }
}

void track_pack(const struct track *track, struct buffer *out)
{
    struct buffer steps = {0};

    steps_pack(track, &steps);
    pack_u32(out, track->all);
    pack_u32(out, track->kept);
    pack_text(out, buffer_slice(&steps));
    buffer_release(&steps);
}

/* A step that ends within its bytes, and comes not before the one before. */
static bool step_whole(const char **at, const char *end, struct step *step, struct slice *page)
{
    const struct step before = *step;

    if (!varint_whole(*at, end)) return false;
    step->time_us = (int64_t)((uint64_t)before.time_us + varint_read(at));
    if (step->time_us < INSTANT_MIN || step->time_us > INSTANT_MAX) return false;
    if (!varint_whole(*at, end)) return false;
    const uint64_t code = varint_read(at), which = code >> 1;
    if (which == PAGE_NONE   ? (code & STEP_OTHER) != 0
        : which == PAGE_SAME ? page->text == NULL
                             : which - PAGE_OWN > (uint64_t)(end - *at))
        return false;
    step_read(at, code, step, page);
    return true;
}

void track_unpack(struct track *track, struct tracks tracks, struct unpack *in)
{
    const uint32_t all = unpack_u32(in), kept = unpack_u32(in);
    const struct slice bytes = unpack_text(in);
    const char *at = bytes.text, *end = bytes.len == 0 ? at : at + bytes.len;
    struct step step = {0}, before;
    struct slice page = {0};
    bool good =
        !in->broken && kept <= all && kept <= TRACK_MAX + 1 && (kept >= all || kept >= TRACK_MAX);

    *track = (struct track){0};
    for (uint32_t i = 0; good && i < kept; i++) {
        before = step;
        good = step_whole(&at, end, &step, &page) && (i == 0 || step_compare(&before, &step) <= 0);
        if (good) step_put(track, tracks, &step);
    }
    if (good && at == end) {
        track->all = all;
        return;
    }
    in->broken = true;
    track_release(track, tracks.slab);
}
