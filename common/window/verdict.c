#include "window/verdict.h"

#include "base/wide.h"

#define WINDOWS_NEEDED 6

/* |value - median| > 3 x 1.4826 x MAD: 1.4826 makes of it what a standard deviation is of values
 * that are normally distributed. Here it is in quarters of MAD and ten thousandths. */
#define SPREAD_TIMES (3 * (decimal)14826)
#define SPREAD_UNITS (4 * (decimal)10000)

/* Reads the text of that option, if there is one. */
static bool limit_read(const char *option, const char *text, decimal *out, struct buffer *why)
{
    const struct slice number = slice_of(text == NULL ? "" : text);
    if (text == NULL || (number_valid(number) && decimal_parse(number, out) && *out >= 0 &&
                         *out < BASELINE_VALUE_MAX))
        return true;
    buffer_printf(why, "--%s: '%s' is not a number of 0 or more", option, text);
    return false;
}

bool verdict_rules_read(struct verdict_rules *rules, const struct verdict_texts *texts,
                        bool of_counts, struct buffer *why)
{
    rules->sigma = of_counts ? VERDICT_SIGMA : 0;
    if (!limit_read("threshold", texts->threshold, &rules->threshold, why) ||
        !limit_read("min-value", texts->min_value, &rules->min_value, why) ||
        !limit_read("sigma", texts->sigma, &rules->sigma, why))
        return false;
    rules->clear = rules->threshold / 2;
    if (!limit_read("clear", texts->clear, &rules->clear, why)) return false;
    if (rules->clear <= rules->threshold) return true;
    buffer_add_literal(why, "--clear: is more than --threshold");
    return false;
}

int64_t verdict_windows(const struct verdict_rules *rules, int64_t windows_max)
{
    if (rules->min_baseline != 0) return rules->min_baseline;
    if (windows_max > WINDOWS_NEEDED) return WINDOWS_NEEDED;
    return windows_max > 1 ? windows_max : 1;
}

void verdict_explain(const struct verdict_rules *rules, const struct usual_rule *usual,
                     struct buffer *out)
{
    buffer_add_literal(out, "over ");
    decimal_print(out, rules->threshold);
    buffer_add_literal(out, " % from ");
    usual_explain(usual, out);
    if (rules->sigma > 0) {
        buffer_add_literal(out, ", over ");
        decimal_print(out, rules->sigma);
        buffer_add_literal(out, " x sqrt(mean + 1)");
    }
    if (usual->method == USUAL_MEDIAN) buffer_add_literal(out, ", over 3 x 1.4826 x MAD");
    if (rules->min_value == 0) return;
    buffer_add_literal(out, ", value or usual at least ");
    decimal_print(out, rules->min_value);
}

static decimal distance(decimal number)
{
    return number < 0 ? -number : number;
}

/* Is the value, or what is usual, as large as it has to be? */
static bool is_large(const struct verdict_rules *rules, const struct usual *usual, decimal value)
{
    return distance(value) >= rules->min_value ||
           distance(usual->sum) >= rules->min_value * usual->count;
}

static struct wide times(struct wide product, decimal factor)
{
    return wide_multiply(product, wide_of(factor));
}

/* Is |value - mean| > sigma x sqrt(|mean| + 1)? Both sides times count, and squared; decimals count
 * in units of 1e-9. Value and sigma are below BASELINE_VALUE_MAX, and there are at most
 * BASELINE_WINDOWS_MAX windows: so neither side takes more than 354 bits. */
static bool is_beyond_chance(const struct verdict_rules *rules, const struct usual *usual,
                             decimal value)
{
    const decimal away = distance(value * usual->count - usual->sum);
    const decimal expected = distance(usual->sum) + usual->count * DECIMAL_ONE;
    const struct wide left = times(times(wide_of(away), away), DECIMAL_ONE);
    const struct wide right =
        times(times(times(wide_of(rules->sigma), rules->sigma), expected), usual->count);
    return wide_is_less(right, left);
}

/* Is it further from the median than the others are? With a mean there is no spread_4. */
static bool is_beyond_spread(const struct usual *usual, decimal value)
{
    if (usual->spread_4 == 0) return true;
    return distance(value * usual->count - usual->sum) * SPREAD_UNITS >
           usual->spread_4 * SPREAD_TIMES * usual->count;
}

struct verdict verdict_of(const struct verdict_rules *rules, const struct usual *usual,
                          const decimal *value, int64_t windows_needed)
{
    struct verdict verdict = {.deviation = deviation_of(value, usual->sum, usual->count)};
    const decimal percent = distance(verdict.deviation.percent);
    const bool nothing = usual->count <= 0 || usual->sum == 0;

    verdict.calm = nothing || (value != NULL && percent <= rules->clear);
    if (value == NULL) return verdict;
    verdict.is_new = rules->min_value > 0 && usual->silent >= windows_needed &&
                     distance(*value) >= rules->min_value;
    verdict.alert =
        verdict.is_new || (usual->windows >= windows_needed && percent > rules->threshold &&
                           is_large(rules, usual, *value) &&
                           (rules->sigma == 0 || is_beyond_chance(rules, usual, *value)) &&
                           is_beyond_spread(usual, *value));
    return verdict;
}
