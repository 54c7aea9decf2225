#include "session/pages.h"

/* Finds the next step that enters a page. */
static void entry_find(struct pages *pages)
{
    pages->has_next = false;
    while (pages->left > 0 && !pages->has_next) {
        const struct step *step = &pages->walk.step;
        const bool has_page = step->page.text != NULL;
        const bool is_other =
            has_page && (pages->said.text == NULL || !slice_equal(pages->said, step->page));
        if (step->is_view || is_other) {
            pages->has_next = true;
            pages->next = *step;
        }
        if (has_page) pages->said = step->page;
        pages->left--;
        track_walk_next(&pages->walk);
    }
}

static int64_t capped(int64_t duration_us, int64_t cap_us)
{
    return duration_us < cap_us ? duration_us : cap_us;
}

static int64_t duration(const struct pages *pages, int64_t at_us)
{
    if (!pages->has_next && (pages->is_cut || pages->last_us == at_us)) return PAGE_UNKNOWN;
    const int64_t until_us = pages->has_next ? pages->next.time_us : pages->last_us;
    return capped(until_us - at_us, pages->cap_us);
}

/* Makes the entry found the page, and looks for the one behind. */
static void page_take(struct pages *pages, struct slice previous_url)
{
    const struct step entry = pages->next;

    pages->has = pages->has_next;
    if (!pages->has) return;
    entry_find(pages);
    const uint32_t number = pages->page.number + 1;
    pages->page = (struct page){
        .number = number,
        .url = entry.page,
        .previous_url = previous_url,
        .next_url = pages->has_next ? pages->next.page : (struct slice){0},
        .at_us = entry.time_us,
        .duration_us = duration(pages, entry.time_us),
        .is_first = number == 1,
        .is_last = !pages->has_next && !pages->is_cut,
    };
}

struct pages pages_walk(const struct track *track, int64_t last_us, int64_t cap_us)
{
    struct pages pages = {.walk = track_walk(track),
                          .left = track->kept < TRACK_MAX ? track->kept : TRACK_MAX,
                          .is_cut = track_is_cut(track),
                          .last_us = last_us,
                          .cap_us = cap_us};

    entry_find(&pages);
    page_take(&pages, (struct slice){0});
    return pages;
}

void pages_next(struct pages *pages)
{
    page_take(pages, pages->page.url);
}

struct pages_sum pages_sum(const struct track *track, int64_t last_us, int64_t cap_us)
{
    if (track->kept == 0) return (struct pages_sum){0};
    const struct track_sum *const known = track_sum_of(track);
    struct pages_sum sum = {.count = known->count,
                            .duration_us = known->duration_us,
                            .first = track_page_at(track, known->first_at),
                            .last = track_page(track)};
    if (sum.count > 0 && !track_is_cut(track))
        sum.duration_us += capped(last_us - known->at_us, cap_us);
    return sum;
}
