#include "look/headline.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "look/grid_inside.h"
#include "look/pivot.h"

size_t headline_steps(const struct layout *layout)
{
    size_t steps = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (slice_equal(layout->name[i], SLICE("overall_conversion_rate"))) return steps;
        steps += layout->role[i] == ROLE_MEASURE;
    }
    return 0;
}

static double number(decimal value)
{
    return value == NOTHING ? 0 : (double)value / (double)DECIMAL_ONE;
}

/* How many are missing behind a step, and by how much that is more than chance. */
static double missing(const decimal *now, const decimal *then, double *sigmas)
{
    const double whole = number(now[0]), part = number(now[1]);
    const double usual_whole = number(then[0]), usual_part = number(then[1]);
    *sigmas = 0;
    if (whole <= 0 || usual_whole <= 0) return 0;
    const double wanted = whole * usual_part / usual_whole;
    const double chance = wanted * (1 + whole / usual_whole);
    if (chance > 0) *sigmas = (wanted - part) / sqrt(chance);
    return wanted - part;
}

struct base base_of(const struct axis *windows, size_t window, enum against against)
{
    static const int64_t day_us = INT64_C(86400) * 1000000;
    const int64_t start_us = windows->one[window].start_us;
    if (against == AGAINST_WEEK || against == AGAINST_BEST) {
        const size_t then = axis_find(windows, start_us - 7 * day_us);
        if (then != AXIS_NONE)
            return (struct base){.against = AGAINST_WEEK, .first = then, .count = 1};
    }
    if (against == AGAINST_DAY || against == AGAINST_BEST) {
        const size_t then = axis_find(windows, start_us - day_us);
        if (then != AXIS_NONE)
            return (struct base){.against = AGAINST_DAY, .first = then, .count = 1};
    }
    if ((against == AGAINST_BEFORE || against == AGAINST_BEST) && window > 0) {
        const size_t count = window < HEADLINE_WINDOWS ? window : HEADLINE_WINDOWS;
        return (struct base){.against = AGAINST_BEFORE, .first = window - count, .count = count};
    }
    return (struct base){.against = AGAINST_NOTHING};
}

void base_sum(const struct grid *grid, const struct base *base, const decimal *series, decimal *out)
{
    bool *const apart = grid_apart(grid);
    for (size_t m = 0; m < grid->measures; m++) {
        out[m] = NOTHING;
        for (size_t i = 0; i < base->count && (!apart[m] || base->count == 1); i++)
            measure_join(&out[m], series[(base->first + i) * grid->measures + m]);
    }
    free(apart);
}

/* What some windows up to this one are compared with. */
static struct base base_of_run(const struct axis *windows, size_t window, size_t run,
                               enum against against)
{
    struct base base = base_of(windows, window + 1 - run, against);
    if (base.against != AGAINST_WEEK && base.against != AGAINST_DAY) return base;
    /* The same windows then, all of them. */
    const struct base last = base_of(windows, window, base.against);
    if (last.against == AGAINST_NOTHING) return last;
    base.count = last.first - base.first + 1;
    return base;
}

/* Was the share that went on in this window nearer to the broken one than to the usual one? */
static bool is_like(const struct grid *grid, const decimal *series, size_t window, size_t step,
                    double now, double usual)
{
    const decimal *const value = series + window * grid->measures + step;
    return number(value[0]) > 0 && number(value[1]) / number(value[0]) <= (now + usual) / 2;
}

/* Looks for a step that misses more in so many windows up to this one than *most says. */
static void run_look(struct headline *headline, const struct grid *grid, size_t steps,
                     size_t window, size_t run, enum against against, const decimal *series,
                     double *most)
{
    decimal now[ROW_MEMBERS_MAX], then[ROW_MEMBERS_MAX];
    const struct base base = base_of_run(&grid->windows, window, run, against);
    const struct base these = {.first = window + 1 - run, .count = run};
    if (base.against == AGAINST_NOTHING) return;
    if (base.against == AGAINST_BEFORE && base.count < HEADLINE_BEFORE) return;
    base_sum(grid, &these, series, now);
    base_sum(grid, &base, series, then);
    for (size_t step = 0; step + 1 < steps; step++) {
        double sigmas;
        (void)missing(now + step, then + step, &sigmas);
        if (sigmas < *most) continue;
        /* Broken windows do not make those beside them broken. */
        const double share = number(now[step + 1]) / number(now[step]);
        const double usual = number(then[step + 1]) / number(then[step]);
        if (!is_like(grid, series, window, step, share, usual) ||
            !is_like(grid, series, window + 1 - run, step, share, usual))
            continue;
        *most = sigmas;
        *headline = (struct headline){.broken = true,
                                      .base = base,
                                      .window = window,
                                      .since = window + 1 - run,
                                      .step = step,
                                      .part = now[step + 1] == NOTHING ? 0 : now[step + 1],
                                      .whole = now[step],
                                      .usual_part = then[step + 1],
                                      .usual_whole = then[step],
                                      .member = SIZE_MAX};
    }
}

/* Goes further back while the step went on less than halfway as well as usually. */
static void since_find(struct headline *headline, const struct grid *grid, const decimal *series)
{
    const double now = number(headline->part) / number(headline->whole);
    const double usual = number(headline->usual_part) / number(headline->usual_whole);
    const struct base *const base = &headline->base;
    for (; headline->since > 0; headline->since--) {
        const size_t before = headline->since - 1;
        const decimal *const value = series + before * grid->measures + headline->step;
        if (base->against != AGAINST_BEFORE && before < base->first + base->count) break;
        if (!is_like(grid, series, before, headline->step, now, usual)) break;
        measure_join(&headline->whole, value[0]);
        measure_join(&headline->part, value[1]);
    }
}

/* Do all others miss more than half as much of what they should have, too? */
static bool is_alike(const struct headline *headline, const decimal *now, const decimal *then)
{
    double sigmas;
    const double wanted = number(now[0]) * number(then[1]) / number(then[0]);
    const decimal rest_now[] = {headline->whole - now[0],
                                headline->part - (now[1] == NOTHING ? 0 : now[1])};
    const decimal rest_then[] = {headline->usual_whole - then[0],
                                 headline->usual_part - (then[1] == NOTHING ? 0 : then[1])};
    const double rest = missing(rest_now, rest_then, &sigmas);
    if (rest_then[0] <= 0 || rest_now[0] <= 0) return false;
    const double rest_wanted = number(rest_now[0]) * number(rest_then[1]) / number(rest_then[0]);
    return rest * wanted * 2 > missing(now, then, &sigmas) * rest_wanted;
}

/* Of a member's values the one that misses most, if that is most of what is missing. */
static void group_of_member(struct headline *headline, const struct grid *grid, size_t member,
                            const struct sieve *sieve, double *most)
{
    struct pivot now, then;
    double sigmas;
    const struct axis_window *const window = grid->windows.one;
    const uint64_t bit = UINT64_C(1) << member;
    pivot_make(&now, grid, window[headline->since].start_us, window[headline->window].start_us + 1,
               bit, sieve);
    pivot_make(&then, grid, window[headline->base.first].start_us,
               window[headline->base.first + headline->base.count - 1].start_us + 1, bit, sieve);
    for (size_t i = 0; now.count > 1 && i < now.count; i++) {
        const decimal *const other = pivot_find(&then, now.line[i].id);
        if (other == NULL) continue;
        const double less =
            missing(pivot_values(&now, i) + headline->step, other + headline->step, &sigmas);
        if (less <= *most || sigmas < HEADLINE_SIGMAS ||
            is_alike(headline, pivot_values(&now, i) + headline->step, other + headline->step))
            continue;
        *most = less;
        headline->member = member;
        headline->group = now.line[i].group;
    }
    pivot_release(&now);
    pivot_release(&then);
}

static void group_find(struct headline *headline, const struct grid *grid,
                       const struct sieve *sieve)
{
    double sigmas;
    const decimal now[] = {headline->whole, headline->part};
    const decimal then[] = {headline->usual_whole, headline->usual_part};
    double most = missing(now, then, &sigmas) * HEADLINE_PART;
    const size_t members = layout_count(grid->layout, ROLE_GROUP);
    for (size_t member = 0; member < members && member < ROW_MEMBERS_MAX; member++)
        group_of_member(headline, grid, member, sieve, &most);
}

void headline_make(struct headline *headline, const struct grid *grid, size_t steps, size_t window,
                   enum against against, const decimal *series, const struct sieve *sieve)
{
    static const size_t runs[] = {1, 2, 3, 6, 12};
    *headline = (struct headline){.member = SIZE_MAX};
    for (size_t back = 0; back < HEADLINE_WINDOWS && back <= window && !headline->broken; back++) {
        const size_t last = window - back;
        double most = HEADLINE_SIGMAS;
        if (grid->windows.one[last].open) continue;
        for (size_t i = 0; i < sizeof runs / sizeof runs[0] && runs[i] <= last + 1; i++)
            run_look(headline, grid, steps, last, runs[i], against, series, &most);
    }
    if (!headline->broken) return;
    since_find(headline, grid, series);
    group_find(headline, grid, sieve);
}
