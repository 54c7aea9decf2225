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

struct base base_of(const struct windows *windows, size_t window, enum against against)
{
    static const int64_t day_us = INT64_C(86400) * 1000000;
    const int64_t start_us = windows->one[window].start_us;
    if (against == AGAINST_WEEK || against == AGAINST_BEST) {
        const size_t then = windows_find(windows, start_us - 7 * day_us);
        if (then != WINDOWS_NONE)
            return (struct base){.against = AGAINST_WEEK, .first = then, .count = 1};
    }
    if (against == AGAINST_DAY || against == AGAINST_BEST) {
        const size_t then = windows_find(windows, start_us - day_us);
        if (then != WINDOWS_NONE)
            return (struct base){.against = AGAINST_DAY, .first = then, .count = 1};
    }
    if ((against == AGAINST_BEFORE || against == AGAINST_BEST) && window > 0) {
        const size_t count = window < HEADLINE_WINDOWS ? window : HEADLINE_WINDOWS;
        return (struct base){.against = AGAINST_BEFORE, .first = window - count, .count = count};
    }
    return (struct base){.against = AGAINST_NOTHING};
}

void base_sum(const struct grid *grid, const struct base *base, const decimal *series,
              decimal *out)
{
    bool *const apart = grid_apart(grid);
    for (size_t m = 0; m < grid->measures; m++) {
        out[m] = NOTHING;
        for (size_t i = 0; i < base->count && (!apart[m] || base->count == 1); i++)
            measure_join(&out[m], series[(base->first + i) * grid->measures + m]);
    }
    free(apart);
}

/* Which step of a window misses most; false: none misses more than chance takes. */
static bool step_find(const struct grid *grid, size_t steps, size_t window, const struct base *base,
                      const decimal *series, size_t *worst)
{
    double most = HEADLINE_SIGMAS;
    bool broken = false;
    decimal then[ROW_MEMBERS_MAX];
    const decimal *const now = series + window * grid->measures;
    if (base->against == AGAINST_NOTHING) return false;
    base_sum(grid, base, series, then);
    for (size_t step = 0; step + 1 < steps; step++) {
        double sigmas;
        (void)missing(now + step, then + step, &sigmas);
        if (sigmas < most) continue;
        most = sigmas;
        *worst = step;
        broken = true;
    }
    return broken;
}

/* Goes back from the window while the step went on less than halfway as well as usually. */
static size_t since_find(const struct headline *headline, const struct grid *grid,
                         const decimal *series)
{
    const double now = number(headline->part) / number(headline->whole);
    const double usual = number(headline->usual_part) / number(headline->usual_whole);
    size_t at = headline->window;
    for (; at > 0; at--) {
        const decimal *const value = series + (at - 1) * grid->measures + headline->step;
        if (headline->base.count == 1 && at - 1 == headline->base.first) break;
        if (number(value[0]) <= 0 || number(value[1]) / number(value[0]) > (now + usual) / 2) break;
    }
    return at;
}

/* Of a member's values the one that misses most, if that is most of what is missing. */
static void group_of_member(struct headline *headline, const struct grid *grid, size_t member,
                            const struct sieve *sieve, double *most)
{
    struct pivot now, then;
    double sigmas;
    const struct windows_one *const window = grid->windows.one;
    const uint64_t bit = UINT64_C(1) << member;
    pivot_make(&now, grid, window[headline->window].start_us, window[headline->window].start_us + 1,
               bit, sieve);
    pivot_make(&then, grid, window[headline->base.first].start_us,
               window[headline->base.first + headline->base.count - 1].start_us + 1, bit, sieve);
    for (size_t i = 0; now.count > 1 && i < now.count; i++) {
        const decimal *const other = pivot_find(&then, now.line[i].id);
        if (other == NULL) continue;
        const double less =
            missing(pivot_values(&now, i) + headline->step, other + headline->step, &sigmas);
        if (less <= *most || sigmas < HEADLINE_SIGMAS) continue;
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
    decimal then[ROW_MEMBERS_MAX];
    *headline = (struct headline){.member = SIZE_MAX};
    for (size_t back = 0; back < HEADLINE_WINDOWS && back <= window; back++) {
        headline->window = window - back;
        headline->base = base_of(&grid->windows, headline->window, against);
        if (headline->base.against == AGAINST_BEFORE && headline->base.count < 3) break;
        headline->broken =
            step_find(grid, steps, headline->window, &headline->base, series, &headline->step);
        if (headline->broken) break;
    }
    if (!headline->broken) return;
    const decimal *const now = series + headline->window * grid->measures + headline->step;
    base_sum(grid, &headline->base, series, then);
    headline->whole = now[0];
    headline->part = now[1] == NOTHING ? 0 : now[1];
    headline->usual_whole = then[headline->step];
    headline->usual_part = then[headline->step + 1];
    headline->since = since_find(headline, grid, series);
    group_find(headline, grid, sieve);
}
