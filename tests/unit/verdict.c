/* verdict.c - the table of cs-anomaly(1), row by row, on both sides of each limit. */
#include "window/verdict.h"

#include "tap.h"

#define ONE DECIMAL_ONE

/* Nothing but the threshold of 50 per cent. */
static const struct verdict_rules plain = {
    .threshold = 50 * ONE, .clear = 25 * ONE, .min_baseline = 1};

static struct verdict judge(const struct verdict_rules *rules, const struct usual *usual,
                            decimal value)
{
    return verdict_of(rules, usual, &value, rules->min_baseline);
}

/* The mean of so many windows. */
static struct usual mean(decimal value, int64_t windows)
{
    return (struct usual){.sum = value * windows, .count = windows, .windows = windows};
}

static void test_threshold(void)
{
    const struct usual ten = mean(10 * ONE, 6), minus = mean(-10 * ONE, 6), zero = mean(0, 6);
    ok(!judge(&plain, &ten, 15 * ONE).alert && judge(&plain, &ten, 15 * ONE + ONE / 100).alert &&
           judge(&plain, &ten, 0).alert,
       "an alert is further away than the threshold, as printed, above or below");
    ok(judge(&plain, &minus, 0).alert && !judge(&plain, &minus, -5 * ONE).alert,
       "also of a mean below 0");
    ok(!judge(&plain, &zero, 1000 * ONE).alert, "of 0 nothing is a percentage");
    ok(!verdict_of(&plain, &ten, NULL, 1).alert, "without a value there is no alert");
}

static void test_windows(void)
{
    struct verdict_rules rules = plain;
    rules.min_baseline = 6;
    const struct usual few = mean(10 * ONE, 5), enough = mean(10 * ONE, 6);
    ok(!judge(&rules, &few, 100 * ONE).alert && judge(&rules, &enough, 100 * ONE).alert,
       "there have to be enough windows");
    is_int(verdict_windows(&rules, 3), 6, "how many is what was asked for");
    rules.min_baseline = 0;
    is_int(verdict_windows(&rules, 23), 6, "or six");
    is_int(verdict_windows(&rules, 4), 4, "or all that there can be");
    is_int(verdict_windows(&rules, 0), 1, "or one");
}

static void test_value(void)
{
    struct verdict_rules rules = plain;
    rules.min_value = 20 * ONE;
    const struct usual ten = mean(10 * ONE, 6), twenty = mean(20 * ONE, 6);
    ok(!judge(&rules, &ten, 20 * ONE - 1).alert && judge(&rules, &ten, 20 * ONE).alert,
       "a small value is no alert");
    ok(judge(&rules, &twenty, 0).alert, "unless it has been large");
}

static void test_new(void)
{
    struct verdict_rules rules = plain;
    rules.min_value = 5 * ONE;
    rules.sigma = 4 * ONE;
    rules.min_baseline = 6;
    struct usual nothing = mean(0, 6);
    nothing.silent = 6;
    ok(judge(&rules, &nothing, 5 * ONE).is_new && judge(&rules, &nothing, 5 * ONE).alert,
       "what was not there is new, whatever its chance");
    ok(!judge(&rules, &nothing, 4 * ONE).alert, "when it is large enough");
    nothing.silent = 5;
    ok(!judge(&rules, &nothing, 5 * ONE).alert, "and could have been there long enough");
    nothing.silent = 6;
    rules.min_value = 0;
    ok(!judge(&rules, &nothing, 5 * ONE).alert, "without --min-value nothing is new");
}

static void test_sigma(void)
{
    struct verdict_rules rules = plain;
    rules.sigma = 3 * ONE;
    const struct usual eight = mean(8 * ONE, 23);
    ok(!judge(&rules, &eight, 17 * ONE).alert && judge(&rules, &eight, 17 * ONE + 1).alert,
       "8 may be 8 + 3 sqrt(9), to the last place");
    const struct usual odd = {.sum = 7 * ONE, .count = 9, .windows = 9}; /* sqrt(7/9 + 1) = 4/3 */
    ok(!judge(&rules, &odd, 4777777777).alert && judge(&rules, &odd, 4777777778).alert,
       "also where a mean is no decimal");
    const struct usual ten = mean(10 * ONE, 23), nine = mean(9 * ONE, 23);
    ok(judge(&rules, &ten, 0).alert && !judge(&rules, &nine, 0).alert,
       "of 10 none are an alert, of 9 chance");
    const decimal much = BASELINE_VALUE_MAX - 1;
    const struct usual large = mean(much / 2 - ONE, 1 << 26);
    rules.threshold = 0;
    ok(judge(&rules, &large, much).alert && judge(&rules, &large, -much).alert,
       "the largest numbers do not overflow");
    rules.sigma = much;
    ok(!judge(&rules, &large, -much).alert, "nor does the largest sigma");
}

static void test_spread(void)
{
    /* Of 100, with half of the windows within 10 of it. */
    const struct usual median = {.sum = 200 * ONE, .count = 2, .windows = 23, .spread_4 = 40 * ONE};
    struct verdict_rules rules = plain;
    rules.threshold = 10 * ONE;
    ok(!judge(&rules, &median, 144478 * ONE / 1000).alert &&
           judge(&rules, &median, 144478 * ONE / 1000 + 1).alert,
       "beyond 3 x 1.4826 x MAD above");
    ok(!judge(&rules, &median, 55522 * ONE / 1000).alert &&
           judge(&rules, &median, 55522 * ONE / 1000 - 1).alert,
       "and below");
    struct usual flat = median;
    flat.spread_4 = 0;
    ok(judge(&rules, &flat, 112 * ONE).alert, "where all are equal the threshold is left");
}

static void test_calm(void)
{
    const struct usual ten = mean(10 * ONE, 6), zero = mean(0, 6), none = {0};
    ok(judge(&plain, &ten, 125 * ONE / 10).calm && !judge(&plain, &ten, 126 * ONE / 10).calm,
       "calm is at most the lower limit");
    ok(!verdict_of(&plain, &ten, NULL, 1).calm, "a missing value is not");
    ok(judge(&plain, &zero, ONE).calm && verdict_of(&plain, &none, NULL, 1).calm,
       "unless nothing is usual");
}

static void test_read(void)
{
    struct verdict_rules rules = {0};
    struct buffer why = {0};
    struct verdict_texts texts = {.threshold = "33", .min_value = "0"};
    ok(verdict_rules_read(&rules, &texts, true, &why) && rules.clear == 165 * ONE / 10 &&
           rules.sigma == VERDICT_SIGMA,
       "limits that are not given are half, and of counts four");
    ok(verdict_rules_read(&rules, &texts, false, &why) && rules.sigma == 0, "of others none");
    texts.clear = "33.1";
    ok(!verdict_rules_read(&rules, &texts, true, &why), "no incident ends above where it began");
    static const char *const wrong[] = {"", "x", "-1", "1%", "1e21", "0x1", " 1"};
    int taken = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        texts = (struct verdict_texts){.threshold = "50", .sigma = wrong[i]};
        taken += verdict_rules_read(&rules, &texts, true, &why);
    }
    is_int(taken, 0, "what is no number of 0 or more is refused");
    buffer_release(&why);
}

int main(void)
{
    test_threshold();
    test_windows();
    test_value();
    test_new();
    test_sigma();
    test_spread();
    test_calm();
    test_read();
    return plan();
}
