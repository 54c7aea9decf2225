/* track.c - steps put together in any order, and the pages they make, against a sorted array. */
#include "session/track.h"

#include <stdlib.h>

#include "session/pages.h"
#include "tap.h"

#define PARTS 4

static const char *const page[] = {"", "/a", "/b", "/a?b", "/a/very/long/path/of/some/shop"};
#define PAGES (sizeof page / sizeof page[0])

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state % bound);
}

#define CAP 7

/* As sessions add steps. */
static void track_take(struct track *track, struct tracks tracks, const struct step *step)
{
    if (step->page.text == NULL ||
        !track_append(track, step->time_us, step->page, step->is_view, tracks.cap_us))
        track_add(track, tracks, step);
}

static struct tracks tracks_of(struct slab *slab)
{
    return (struct tracks){.slab = slab, .cap_us = CAP};
}

static struct step step_random(uint32_t span)
{
    const uint32_t which = below(PAGES + 1);
    const bool has_page = which < PAGES;

    return (struct step){.time_us = (int64_t)below(span) - 5,
                         .page = has_page ? slice_of(page[which]) : (struct slice){0},
                         .is_view = !has_page || below(2) == 0};
}

static int compare(const void *a, const void *b)
{
    return step_compare(a, b);
}

/* Of sorted steps: those that are to be kept; returns how many. */
static uint32_t reference_keep(struct step *step, uint32_t count)
{
    if (count <= TRACK_MAX) return count;
    for (uint32_t i = count; i > TRACK_MAX; i--)
        if (step[i - 1].page.text != NULL) {
            step[TRACK_MAX] = step[i - 1];
            return TRACK_MAX + 1;
        }
    return TRACK_MAX;
}

static bool track_is(const struct track *track, const struct step *step, uint32_t count,
                     uint32_t all)
{
    struct track_walk walk = track_walk(track);

    if (track->all != all || walk.left != count) return false;
    for (uint32_t i = 0; i < count; i++, track_walk_next(&walk))
        if (step_compare(&walk.step, &step[i]) != 0 || walk.step.is_view != step[i].is_view)
            return false;
    return walk.left == 0;
}

/* Packed and read again, whole, and with its bytes cut off. */
static bool comes_back(const struct track *track, const struct step *step, uint32_t count,
                       uint32_t all)
{
    struct buffer saved = {0};
    struct slab slab = {0};
    struct track read;
    bool good = true;

    track_pack(track, &saved);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    track_unpack(&read, tracks_of(&slab), &in);
    good &= !in.broken && in.at == in.end && track_is(&read, step, count, all);
    track_release(&read, &slab);
    in = (struct unpack){.at = saved.data, .end = saved.data + saved.len - 1};
    track_unpack(&read, tracks_of(&slab), &in);
    good &= in.broken && read.all == 0 && read.data == NULL;
    for (uint32_t i = 0; i < saved.len && i < 40; i++) { /* any byte wrong: read, or refused */
        saved.data[i] ^= (char)(1 + below(255));
        in = (struct unpack){.at = saved.data, .end = saved.data + saved.len};
        track_unpack(&read, tracks_of(&slab), &in);
        for (struct pages pages = pages_walk(&read, 0, 1000); pages.has; pages_next(&pages))
            good &= pages.page.number > 0;
        track_release(&read, &slab);
    }
    slab_release(&slab);
    buffer_release(&saved);
    return good;
}

/* Steps dealt out to several tracks, in order or not, which are joined in any order. */
static bool world(uint32_t count, uint32_t span, bool in_order)
{
    struct step *step = calloc(count, sizeof *step);
    struct slab slab = {0};
    struct track track[PARTS] = {0};

    for (uint32_t i = 0; i < count; i++)
        step[i] = step_random(span);
    if (in_order) qsort(step, count, sizeof *step, compare);
    for (uint32_t i = 0; i < count; i++)
        track_take(&track[below(PARTS)], tracks_of(&slab), &step[i]);
    for (uint32_t left = PARTS; left > 1; left--) {
        const uint32_t from = below(left - 1);
        track_join(&track[from], tracks_of(&slab), &track[left - 1]);
    }
    track_settle(&track[0], tracks_of(&slab));
    qsort(step, count, sizeof *step, compare);
    const uint32_t kept = reference_keep(step, count);
    bool good = track_is(&track[0], step, kept, count);
    good &= comes_back(&track[0], step, kept, count);

    /* The sum in one pass is that of the pages one by one. */
    const int64_t last_us = (int64_t)span + below(3);
    const struct pages_sum sum = pages_sum(&track[0], last_us, CAP);
    struct pages_sum plain = {0};
    for (struct pages pages = pages_walk(&track[0], last_us, CAP); pages.has; pages_next(&pages)) {
        plain.count++;
        if (pages.page.duration_us != PAGE_UNKNOWN) plain.duration_us += pages.page.duration_us;
    }
    good &= sum.count == plain.count && sum.duration_us == plain.duration_us;
    track_release(&track[0], &slab);
    good &= slab.live == 0;
    slab_release(&slab);
    free(step);
    return good;
}

static void test_worlds(void)
{
    int wrong = 0, wrong_long = 0;

    for (int i = 0; i < 10000; i++)
        wrong += !world(below(60), 1 + below(100), below(2) == 0);
    is_int(wrong, 0, "in whatever order steps and tracks come together, they end the same");
    for (int i = 0; i < 40; i++)
        wrong_long += !world(TRACK_MAX - 20 + below(3 * TRACK_MAX), 1 + below(100000), i % 2 == 0);
    is_int(wrong_long, 0, "so do more than are kept: the first, and the last that has a page");
}

/* Each time the page of an entry, its seconds, and a comma. */
static struct slice told(const struct track *track, int64_t last_us, int64_t cap_us)
{
    static struct buffer out;

    buffer_clear(&out);
    for (struct pages pages = pages_walk(track, last_us, cap_us); pages.has; pages_next(&pages)) {
        if (pages.page.is_first) buffer_add_literal(&out, "first ");
        if (pages.page.is_last) buffer_add_literal(&out, "last ");
        if (pages.page.url.text == NULL) buffer_add_literal(&out, "null");
        buffer_add_slice(&out, pages.page.url);
        if (pages.page.duration_us != PAGE_UNKNOWN)
            buffer_printf(&out, " %d", (int)pages.page.duration_us);
        buffer_add_char(&out, ',');
    }
    return buffer_slice(&out);
}

static void test_pages(void)
{
    struct slab slab = {0};
    struct track track = {0};
    const struct step steps[] = {
        {1, SLICE("/a"), true},  {3, SLICE("/a"), false}, {4, SLICE("/b"), false}, {6, {0}, true},
        {7, SLICE("/b"), false}, {9, SLICE("/b"), true},  {19, SLICE("/a"), false}};

    is_text(told(&track, 5, 100), "", "without steps there are no pages");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        track_take(&track, tracks_of(&slab), &steps[i]);
    is_text(told(&track, 19, 100), "first /a 3,/b 2,null 3,/b 10,last /a,",
            "another page enters, and any view");
    is_text(told(&track, 22, 5), "first /a 3,/b 2,null 3,/b 5,last /a 3,",
            "the last one lasts to the last event, and none longer than the cap");
    track_take(&track, tracks_of(&slab), &(struct step){4, SLICE("/a"), true});
    track_take(&track, tracks_of(&slab), &(struct step){4, SLICE("/b"), true});
    track_settle(&track, tracks_of(&slab));
    is_text(told(&track, 19, 100), "first /a 3,/a 0,/b 2,null 3,/b 10,last /a,",
            "at one time the lesser page is first, and a view before what is done there");
    track_release(&track, &slab);
    slab_release(&slab);
}

int main(void)
{
    test_pages();
    test_worlds();
    return plan();
}
