/* The funnel: what was reached, step by step, and which one broke. */
#include <stdlib.h>

#include "base/memory.h"
#include "look/picture_inside.h"

/* How the columns of a step's line lie, by the width there is. */
struct columns {
    int name, count, bar, rate, usual, lost, spark;
};

#define NAME_MIN 10
#define NAME_MAX 24
#define SPARK_WINDOWS 60

static struct columns columns_of(const struct frame *frame, size_t steps, int width,
                                 bool with_spark)
{
    struct columns columns = {.count = 9, .rate = 9, .usual = 9, .lost = 8};
    if (frame->base.against == AGAINST_NOTHING) columns.usual = 0;
    for (size_t i = 0; i < steps; i++) {
        const struct slice name = frame->grid->layout->name[layout_measure(frame->grid->layout, i)];
        if ((int)name.len > columns.name) columns.name = (int)name.len;
    }
    if (columns.name < NAME_MIN) columns.name = NAME_MIN;
    if (columns.name > NAME_MAX) columns.name = NAME_MAX;
    const int left =
        width - columns.name - columns.count - columns.rate - columns.usual - columns.lost - 5;
    columns.spark = left * 2 / 5;
    if (columns.spark > SPARK_WINDOWS) columns.spark = SPARK_WINDOWS;
    if (columns.spark < 6 || !with_spark) columns.spark = 0;
    columns.bar = left - columns.spark - (columns.spark > 0);
    if (columns.bar < 4) columns.bar = 4;
    return columns;
}

/* The sums of one measure, window by window up to the one that is shown. */
static size_t measure_series(const struct frame *frame, size_t measure, decimal *out)
{
    const size_t count = frame->window + 1 < SPARK_WINDOWS ? frame->window + 1 : SPARK_WINDOWS;
    for (size_t i = 0; i < count; i++)
        out[i] = frame->series[(frame->window + 1 - count + i) * frame->grid->measures + measure];
    return count;
}

/* What part of the step before went on, window by window: thousandths. */
static size_t rate_series(const struct frame *frame, size_t step, decimal *out)
{
    decimal before[SPARK_WINDOWS];
    const size_t count = measure_series(frame, step, out);
    if (step == 0) return count;
    (void)measure_series(frame, step - 1, before);
    for (size_t i = 0; i < count; i++) {
        if (before[i] == NOTHING || before[i] <= 0 || out[i] == NOTHING)
            out[i] = NOTHING;
        else
            out[i] = (decimal)((double)out[i] / (double)before[i] * 1000) * DECIMAL_ONE;
    }
    return count;
}

static void heading_draw(const struct picture *picture, const struct frame *frame,
                         struct columns columns, struct place place, size_t steps)
{
    struct canvas *const canvas = picture->canvas;
    struct buffer text = {0};
    place.width = columns.name;
    canvas_put(canvas, place, TONE_STRONG, SLICE("Funnel"));
    place.x += columns.name + 1;
    place.width = columns.count - 1;
    canvas_put_right(canvas, place, TONE_DIM, SLICE("ids"));
    place.x += columns.count;
    place.width = columns.bar;
    wording_share(&text, frame_now(frame)[steps - 1], frame_now(frame)[0]);
    buffer_add_literal(&text, " in all");
    canvas_put(canvas, place, TONE_STRONG, text_slice(&text));
    place.x += columns.bar + 1;
    place.width = columns.rate - 1;
    canvas_put_right(canvas, place, TONE_DIM, SLICE("went on"));
    place.x += columns.rate;
    place.width = columns.usual - 1;
    if (columns.usual > 0)
        canvas_put_right(canvas, place, TONE_DIM,
                         frame->base.against == AGAINST_BEFORE ? SLICE("before")
                         : frame->base.against == AGAINST_WEEK ? SLICE("week ago")
                                                               : SLICE("day ago"));
    place.x += columns.usual;
    place.width = columns.lost - 1;
    canvas_put_right(canvas, place, TONE_DIM, SLICE("lost"));
    place.x += columns.lost + 1;
    place.width = columns.spark;
    canvas_put(canvas, place, TONE_DIM, SLICE("trend"));
    buffer_release(&text);
}

/* Is the step worse than it was, by more than chance? Only for a colour. */
static enum tone rate_tone(const decimal *now, const decimal *then)
{
    if (now[0] == NOTHING || now[1] == NOTHING || then[0] == NOTHING || then[1] == NOTHING)
        return TONE_PLAIN;
    if (now[0] <= 0 || then[0] <= 0) return TONE_PLAIN;
    const double scale = (double)DECIMAL_ONE, whole = (double)now[0] / scale;
    const double wanted = whole * ((double)then[1] / (double)then[0]);
    const double chance = wanted * (1 + whole / ((double)then[0] / scale));
    const double off = (double)now[1] / scale - wanted;
    const double sigmas2 = HEADLINE_SIGMAS * HEADLINE_SIGMAS;
    if (chance <= 0 || off * off < sigmas2 * chance) return TONE_PLAIN;
    return off < 0 ? TONE_BAD : TONE_GOOD;
}

static void step_draw(const struct picture *picture, const struct frame *frame,
                      struct columns columns, struct place place, size_t step)
{
    struct canvas *const canvas = picture->canvas;
    const struct layout *const layout = frame->grid->layout;
    const decimal *const now = frame_now(frame);
    decimal series[SPARK_WINDOWS];
    struct buffer text = {0};
    enum tone tone = TONE_BAR;
    if (step > 0 && frame->base.against != AGAINST_NOTHING &&
        !frame->grid->windows.one[frame->window].open &&
        rate_tone(now + step - 1, frame->then + step - 1) == TONE_BAD)
        tone = TONE_BAD;
    place.width = columns.name;
    canvas_put(canvas, place, tone == TONE_BAD ? TONE_BAD : TONE_PLAIN,
               layout->name[layout_measure(layout, step)]);
    place.x += columns.name + 1;
    place.width = columns.count - 1;
    wording_number(&text, now[step]);
    canvas_put_right(canvas, place, TONE_STRONG, text_slice(&text));
    place.x += columns.count;
    place.width = columns.bar;
    decimal most = 0;
    for (size_t i = 0; i <= step || i == 0; i++)
        if (now[i] != NOTHING && now[i] > most) most = now[i];
    canvas_bar(canvas, place, tone, now[step], now[0] > most || now[0] == NOTHING ? now[0] : most);
    place.x += columns.bar + 1;
    if (step > 0) {
        place.width = columns.rate - 1;
        buffer_clear(&text);
        wording_share(&text, now[step], now[step - 1]);
        canvas_put_right(canvas, place, tone == TONE_BAD ? TONE_BAD : TONE_STRONG,
                         text_slice(&text));
        buffer_clear(&text);
        wording_share(&text, frame->then[step], frame->then[step - 1]);
        place.x += columns.rate;
        place.width = columns.usual - 1;
        if (columns.usual > 0) canvas_put_right(canvas, place, TONE_DIM, text_slice(&text));
        place.x += columns.usual;
        place.width = columns.lost - 1;
        buffer_clear(&text);
        if (now[step] != NOTHING && now[step - 1] != NOTHING && now[step] <= now[step - 1])
            wording_number(&text, now[step - 1] - now[step]);
        canvas_put_right(canvas, place, TONE_PLAIN, text_slice(&text));
    } else {
        place.x += columns.rate;
        place.width = columns.usual - 1;
        buffer_clear(&text);
        wording_number(&text, base_value(&frame->base, frame->then[0]));
        if (columns.usual > 0) canvas_put_right(canvas, place, TONE_DIM, text_slice(&text));
        place.x += columns.usual;
    }
    place.x += columns.lost + 1;
    place.width = columns.spark;
    const size_t count = rate_series(frame, step, series);
    if (columns.spark > 0)
        canvas_spark(canvas, place, step == 0 ? TONE_DIM : TONE_LINE, series, count);
    buffer_release(&text);
}

/* The last 60 windows of a step in full, where there is room for a line more each. */
static void spark_below(const struct picture *picture, const struct frame *frame,
                        struct columns columns, struct place place, size_t step)
{
    decimal series[SPARK_WINDOWS];
    struct buffer text = {0};
    const size_t count = measure_series(frame, step, series);
    place.x += columns.name + 1 + columns.count;
    place.width -= columns.name + 1 + columns.count;
    const int width = place.width < SPARK_WINDOWS ? place.width : SPARK_WINDOWS;
    const int shown = (int)count < width ? (int)count : width;
    struct place line = place;
    line.width = shown;
    canvas_spark(picture->canvas, line, TONE_LINE, series, count);
    place.x += shown + 1;
    place.width -= shown + 1;
    buffer_printf(&text, "%d windows", shown);
    if (step == 0) canvas_put(picture->canvas, place, TONE_DIM, text_slice(&text));
    buffer_release(&text);
}

int funnel_draw(const struct picture *picture, const struct frame *frame, struct area area,
                bool with_sparks_below)
{
    const size_t steps = headline_steps(frame->grid->layout);
    /* A line more for each step, unless the table below would have no room. */
    const bool below = with_sparks_below && area.lines >= (int)steps * 2 + 6;
    const struct columns columns = columns_of(frame, steps, area.width, !below);
    if (steps == 0 || area.lines < 2) return 0;
    if (frame->sieve.passes != NULL && frame->sieve.passing == 0) {
        canvas_put(picture->canvas, area_line(area), TONE_DIM, SLICE("no group is like that"));
        return 1;
    }
    heading_draw(picture, frame, columns, area_line(area), steps);
    int line = 1;
    for (size_t step = 0; step < steps && line < area.lines; step++) {
        step_draw(picture, frame, columns, area_line(area_below(area, line++)), step);
        if (below && line < area.lines)
            spark_below(picture, frame, columns, area_line(area_below(area, line++)), step);
    }
    return line;
}

/* "58.62 % a week ago" */
static void add_when(struct buffer *text, const struct base *base)
{
    switch (base->against) {
    case AGAINST_WEEK: buffer_add_literal(text, "a week ago"); break;
    case AGAINST_DAY: buffer_add_literal(text, "a day ago"); break;
    default: buffer_printf(text, "in the %zu windows before", base->count); break;
    }
}

/* --- which step broke, for whom, since when, how much money --- */

static void add_span(struct buffer *text, const struct grid *grid, size_t first, size_t last,
                     bool lasts)
{
    const struct axis_window *const from = &grid->windows.one[first];
    const struct axis_window *const until = &grid->windows.one[last];
    if (lasts) {
        buffer_add_literal(text, "since ");
        wording_clock(text, from->start_us);
    } else {
        wording_clock(text, from->start_us);
        buffer_add_literal(text, "\xe2\x80\x93");
        wording_clock(text, until->end_us);
    }
    if (last > first) buffer_printf(text, ", %zu windows", last - first + 1);
}

static struct slice step_name(const struct frame *frame, size_t step)
{
    const struct layout *const layout = frame->grid->layout;
    return layout->name[layout_measure(layout, step)];
}

/* Whose steps: "device_type mobile". */
static void add_group(struct buffer *text, const struct frame *frame,
                      const struct headline *headline)
{
    const struct layout *const layout = frame->grid->layout;
    size_t member = 0, left = headline->member;
    while (layout->role[member] != ROLE_GROUP || left-- > 0)
        member++;
    buffer_add_slice(text, layout->name[member]);
    buffer_add_char(text, ' ');
    const struct value value =
        values_get(frame->grid->group[headline->group].text, headline->member);
    if (value.kind == KIND_NULL)
        buffer_add_literal(text, "null");
    else
        values_add_text(text, value);
}

/* The sum of a measure over the windows that begin within some time. */
static decimal sum_within(const struct frame *frame, size_t measure, int64_t from_us,
                          int64_t until_us)
{
    decimal sum = 0;
    const struct grid *const grid = frame->grid;
    for (size_t w = 0; w < grid->windows.count; w++) {
        const int64_t start_us = grid->windows.one[w].start_us;
        if (start_us >= from_us && start_us < until_us)
            measure_join(&sum, frame->series[w * grid->measures + measure]);
    }
    return sum;
}

/* What it was in the time that this one is compared with. Of the windows before, what is in as much
 * time of them: a window in which nothing was sold has no row. */
static decimal sum_then(const struct frame *frame, size_t measure, int64_t from_us,
                        int64_t until_us, enum against against)
{
    static const int64_t day_us = INT64_C(86400) * 1000000;
    const struct axis_window *const first = &frame->grid->windows.one[0];
    int64_t back_us = against == AGAINST_WEEK ? 7 * day_us : day_us;
    if (against != AGAINST_BEFORE)
        return first->start_us > from_us - back_us
                   ? NOTHING
                   : sum_within(frame, measure, from_us - back_us, until_us - back_us);
    back_us = HEADLINE_WINDOWS * (first->end_us - first->start_us);
    if (back_us > from_us - first->start_us) back_us = from_us - first->start_us;
    if (back_us <= 0) return NOTHING;
    const decimal sum = sum_within(frame, measure, from_us - back_us, from_us);
    if (sum == NOTHING) return NOTHING;
    return (decimal)((double)sum * ((double)(until_us - from_us) / (double)back_us)) /
           (DECIMAL_ONE / 100) * (DECIMAL_ONE / 100);
}

/* The revenue of some time, where there are rows of it; false: there are none. */
static bool revenue_of(const struct picture *picture, int64_t from_us, int64_t until_us,
                       enum against against, decimal *now, decimal *then)
{
    for (size_t i = 0; i < picture->panels; i++) {
        struct panel *const panel = picture->panel[i];
        struct frame frame;
        if (panel->layout.kind->store != STORE_WINDOWS || panel->grid.windows.count == 0) continue;
        const size_t measure = measure_named(&panel->layout, SLICE("revenue"));
        const struct axis *const windows = &panel->grid.windows;
        if (measure == SIZE_MAX || windows->one[windows->count - 1].end_us <= from_us ||
            windows->one[0].end_us - windows->one[0].start_us > until_us - from_us)
            continue;
        frame_make(&frame, picture, &panel->grid);
        *now = sum_within(&frame, measure, from_us, until_us);
        *then = sum_then(&frame, measure, from_us, until_us, against);
        frame_release(&frame);
        return true;
    }
    return false;
}

/* first, last: windows of the funnel. */
static int revenue_draw(const struct picture *picture, const struct frame *frame, size_t first,
                        size_t last, const struct base *base, struct area area)
{
    decimal now, then = NOTHING;
    struct buffer text = {0};
    const struct axis *const windows = &frame->grid->windows;
    if (area.lines < 1 || !revenue_of(picture, windows->one[first].start_us,
                                      windows->one[last].end_us, base->against, &now, &then))
        return 0;
    if ((now == NOTHING || now == 0) && (then == NOTHING || then == 0)) return 0; /* no prices */
    struct place place = area_line(area);
    buffer_add_literal(&text, "revenue ");
    wording_number(&text, now);
    const int taken = canvas_put(picture->canvas, place, TONE_STRONG, text_slice(&text));
    buffer_clear(&text);
    if (base->against != AGAINST_NOTHING && then != NOTHING) {
        buffer_add_literal(&text, " in that time, ");
        wording_number(&text, then);
        buffer_add_char(&text, ' ');
        if (base->against == AGAINST_BEFORE)
            buffer_add_literal(&text, "in as much before");
        else
            add_when(&text, base);
        if (then != 0) {
            buffer_add_literal(&text, " (");
            wording_change(&text, now, then);
            buffer_add_char(&text, ')');
        }
    }
    place.x += taken;
    place.width -= taken;
    canvas_put(picture->canvas, place, then != NOTHING && now < then / 2 ? TONE_BAD : TONE_PLAIN,
               text_slice(&text));
    buffer_release(&text);
    return 1;
}

static int broken_draw(const struct picture *picture, const struct frame *frame,
                       const struct headline *headline, struct area area)
{
    struct canvas *const canvas = picture->canvas;
    bool lasts = true; /* what comes behind is not over yet */
    for (size_t i = headline->window + 1; i <= frame->window; i++)
        lasts &= frame->grid->windows.one[i].open;
    const enum tone tone = lasts ? TONE_BAD : TONE_WARN;
    struct buffer text = {0};
    buffer_add_literal(&text, "\xe2\x9c\x97 ");
    buffer_add_slice(&text, step_name(frame, headline->step));
    buffer_add_literal(&text, " \xe2\x86\x92 ");
    buffer_add_slice(&text, step_name(frame, headline->step + 1));
    buffer_add_slice(&text, slice_of(lasts ? " is broken " : " was broken "));
    add_span(&text, frame->grid, headline->since, headline->window, lasts);
    int line = 0;
    canvas_put(canvas, area_line(area), tone, text_slice(&text));
    line++;
    buffer_clear(&text);
    wording_share(&text, headline->part, headline->whole);
    buffer_add_literal(&text, " went on, ");
    wording_share(&text, headline->usual_part, headline->usual_whole);
    buffer_add_char(&text, ' ');
    add_when(&text, &headline->base);
    if (headline->member != SIZE_MAX) {
        buffer_add_literal(&text, "; most of it ");
        add_group(&text, frame, headline);
    } else {
        buffer_add_literal(&text, "; all groups alike");
    }
    struct area below = area_below(area, line);
    below.x += 2;
    below.width -= 2;
    canvas_put(canvas, area_line(below), TONE_PLAIN, text_slice(&text));
    line++;
    below = area_below(below, 1);
    line += revenue_draw(picture, frame, headline->since, headline->window, &headline->base, below);
    buffer_release(&text);
    return line;
}

int headline_draw(const struct picture *picture, const struct frame *frame, struct area area)
{
    const size_t steps = headline_steps(frame->grid->layout);
    struct headline headline;
    if (steps < 2 || area.lines < 8) return 0;
    headline_make(&headline, frame->grid, steps, frame->window, picture->view->against,
                  frame->series, &frame->sieve);
    if (headline.broken) return broken_draw(picture, frame, &headline, area) + 1;
    struct buffer text = {0};
    int line = 0;
    const bool is_little =
        frame->base.against == AGAINST_BEFORE && frame->base.count < HEADLINE_BEFORE;
    if (frame->base.against != AGAINST_NOTHING && !is_little) {
        buffer_add_literal(&text, "\xe2\x9c\x93 no step is broken: each goes on as it did ");
        add_when(&text, &frame->base);
        canvas_put(picture->canvas, area_line(area), TONE_GOOD, text_slice(&text));
        line++;
    }
    struct area below = area_below(area, line);
    below.x += 2;
    below.width -= 2;
    line += revenue_draw(picture, frame, frame->window, frame->window, &frame->base, below);
    buffer_release(&text);
    return line + (line > 0);
}
