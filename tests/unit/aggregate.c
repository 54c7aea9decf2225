/* aggregate.c - what --agg says, and cells that do not depend on the order of events. */
#include "window/aggregate.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "expr/expr.h"
#include "tap.h"

static struct schema schema;
static struct aggregates all;
static struct buffer why;

static bool add(const char *text)
{
    buffer_clear(&why);
    return aggregates_add(&all, text, &schema, &why);
}

static void begin(void)
{
    schema_init(&schema);
    aggregates_init(&all);
}

static void end(void)
{
    aggregates_release(&all);
    schema_release(&schema);
}

static void test_reading(void)
{
    static const char *const good[] = {
        "n=count",
        "named=count()",
        "some=count(.price)",
        "carts=count if .event_type == \"add_to_cart\"",
        "ids = distinct( session_id ) if .a",
        "total=sum(.price * (.quantity + 1)) if (.x)",
        "bracket=max(.note | test(\")\") )",
        "inside=min(\"\\(\")\" | length)\")",
        "share=percent(carts, n)",
        "later=percent(n,last)",
        "last=sum(price)",
        "name-with.more=first(product_id)",
        "unlike=approx_distinct([.a, .b])",
        "list=list([.a, .b], 3)",
        "is=any(.price > 3) if .a",
        "q=quantile(.price * 2,0.999)",
        "q0=quantile(price,0)",
        "m=median(price)",
        "tops=top(.a // ([.b, 3] | first),1000)",
        "are=all(price)",
    };
    static const char *const bad[] = {
        "count",
        "=count",
        "n=",
        "n=cuont",
        "n=sum",
        "n=sum(",
        "n=sum(a",
        "n=sum()",
        "n=sum(a) when .b",
        "n=count if",
        "n=count if .a ==",
        "n=percent(a)",
        "n=percent(a,b) if .c",
        "1n=count",
        "n=count ifx",
        "n=sum(.a ..b)",
        "n=approx_distinct",
        "n=list(a)",
        "n=list(a,0)",
        "n=list(a,10001)",
        "n=list(a,1.5)",
        "n=list(a,99999999999999999999)",
        "n=list(a,)",
        "n=list(,3)",
        "n=list([a,3])",
        "n=any()",
        "n=top(a)",
        "n=top(a,1001)",
        "n=top(a,-1)",
        "n=quantile(a)",
        "n=quantile(a,1.1)",
        "n=quantile(a,-0.1)",
        "n=quantile(a,95%)",
        "n=median(a",
    };
    begin();
    int wrong = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (add(good[i])) continue;
        wrong++;
        printf("# %s: %.*s\n", good[i], (int)why.len, why.data);
    }
    is_int(wrong, 0, "what the manual allows is read");
    ok(!add("n=sum(price)"), "a name stands once");
    ok(aggregates_complete(&all, &why), "percent may name what comes later");
    end();

    begin();
    wrong = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!add(bad[i]) && why.len > 0) continue;
        wrong++;
        printf("# %s was read\n", bad[i]);
    }
    is_int(wrong, 0, "nonsense is refused with a reason");
    ok(add("a=avg(price)") && add("p=percent(a,a)") && !aggregates_complete(&all, &why),
       "percent of an average is refused");
    end();
}

static void test_sharing(void)
{
    begin();
    ok(add("a=count if .event_type == \"x\"") &&
           add("b=distinct(user_id) if .event_type == \"x\"") && add("c=distinct(user_id)") &&
           add("d=distinct(session_id)") && aggregates_complete(&all, &why),
       "four aggregates are read");
    is_int(all.condition_count, 1, "equal conditions are one");
    is_int(all.set_count, 2, "ids of one operand are one set");
    is_int(all.set[0].count, 2, "with a bit for each aggregate");
    end();
}

/* Events with a price, and cells that they are added to. */

#define EVENTS 400

static struct value prices[EVENTS];
static struct value products[EVENTS];
static int64_t times[EVENTS];

static struct value number(const char *text)
{
    return (struct value){.text = text, .len = (uint32_t)strlen(text), .kind = KIND_NUMBER};
}

static void events_make(void)
{
    static const char *const texts[] = {
        "1",
        "0.1",
        "-3.25",
        "1e3",
        "99.999999999",
        "0.0000000005",
        "12345678901234567890",
        "-7",
        "1.50",
        "1.5",
        "170141183460469231731687303",
        "-170141183460469231731687303",
    };
    static const char *const names[] = {"p1", "p2", "p10", "", "\xc3\xa9"};
    for (int i = 0; i < EVENTS; i++) {
        prices[i] = number(texts[(size_t)rand() % (sizeof texts / sizeof texts[0])]);
        if (rand() % 7 == 0) prices[i] = VALUE_NULL;
        if (rand() % 9 == 0) prices[i].kind = KIND_STRING;
        products[i] = value_string(slice_of(names[(size_t)rand() % 5]));
        if (rand() % 5 == 0) products[i] = VALUE_NULL;
        times[i] = rand() % 50;
    }
}

static unsigned event_add(char *cells, struct buffer *text, int i)
{
    struct value value[SCHEMA_MAX] = {0};
    struct operand_values values = {0};
    struct event ev = {.time_us = times[i], .value = value};
    value[SLOT_PRODUCT_ID] = products[i];
    value[schema_find(&schema, SLICE("price"))] = prices[i];
    return aggregates_event(&all, cells, text, &ev, &values, aggregates_select(&all, &ev));
}

static struct buffer printed(const char *cells, const struct buffer *text)
{
    static const struct rows_options options = {0};
    struct output output = {.fd = -1};
    const char *wrong;
    struct rows *rows = rows_new(&output, &options, &wrong);
    for (int i = 0; i < all.count; i++)
        (void)rows_member(rows, slice_of(all.item[i].name));
    rows_begin(rows);
    for (int i = 0; i < all.count; i++)
        aggregates_print(&all, i, cells, text, rows, i);
    rows_end(rows);
    rows_free(rows);
    return output.buffer;
}

static bool same(struct buffer a, struct buffer b)
{
    const bool equal = slice_equal(buffer_slice(&a), buffer_slice(&b));
    if (!equal) printf("# %.*s\n# %.*s\n", (int)a.len, a.data, (int)b.len, b.data);
    buffer_release(&a);
    buffer_release(&b);
    return equal;
}

static int told_removals, untold_removals;

/* whole is left and right together, and packed begins with left: what is right taken away? For
 * cells of which that cannot be told, left is combined anew. */
static bool removal_right(char *whole, struct buffer *text, const char *right,
                          const struct buffer *right_text, struct buffer packed)
{
    struct buffer left_text = {0};
    char *left = memory_zero(1, all.cell_bytes);
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    aggregates_load(&all, left, &left_text, true, &in);
    const uint64_t cells = aggregates_all(&all);
    const uint64_t unknown = aggregates_remove(&all, cells, whole, text, right, right_text);
    aggregates_combine(&all, unknown, whole, text, left, &left_text);
    told_removals += __builtin_popcountll(cells & ~unknown);
    untold_removals += __builtin_popcountll(unknown);
    const bool good = same(printed(whole, text), printed(left, &left_text));
    free(left);
    buffer_release(&left_text);
    return good;
}

/* One round of every way there is to bring the same events together. */
static void round_run(int *shuffled, int *parts, int *states, int *removals)
{
    struct buffer text = {0}, right_text = {0}, packed = {0}, other_text = {0};
    char *whole = memory_zero(4, all.cell_bytes);
    char *other = whole + all.cell_bytes, *left = other + all.cell_bytes,
         *right = left + all.cell_bytes;
    int order[EVENTS];

    events_make();
    for (int i = 0; i < EVENTS; i++)
        order[i] = i;
    for (int i = EVENTS - 1; i > 0; i--) {
        const int j = rand() % (i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (int i = 0; i < EVENTS; i++) {
        event_add(whole, &text, i);
        event_add(other, &text, order[i]);
        if (rand() % 2 == 0)
            event_add(left, &text, order[i]);
        else
            event_add(right, &right_text, order[i]);
    }
    *shuffled += !same(printed(whole, &text), printed(other, &text));

    aggregates_save(&all, left, &text, true, &packed);
    aggregates_save(&all, right, &right_text, true, &packed);
    aggregates_combine(&all, aggregates_all(&all), left, &text, right, &right_text);
    *parts += !same(printed(whole, &text), printed(left, &text));
    *removals += !removal_right(left, &text, right, &right_text, packed);

    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    memset(other, 0, all.cell_bytes);
    aggregates_load(&all, other, &other_text, true, &in);
    aggregates_load(&all, other, &other_text, true, &in);
    *states +=
        in.broken || in.at != in.end || !same(printed(whole, &text), printed(other, &other_text));
    buffer_release(&text);
    buffer_release(&right_text);
    buffer_release(&packed);
    buffer_release(&other_text);
    free(whole);
}

static void test_cells(void)
{
    int shuffled = 0, parts = 0, states = 0, removals = 0;
    begin();
    ok(add("n=count") && add("some=count(price)") && add("total=sum(price)") &&
           add("mean=avg(price)") && add("low=min(price)") && add("high=max(price)") &&
           add("f=first(product_id)") && add("l=last(product_id)") &&
           add("big=count if .price > 10") && add("share=percent(big,n)") &&
           add("part=percent(total,n)") && add("unlike=approx_distinct(price)") &&
           add("three=list(price,3)") && add("hundreds=list(product_id,100) if .price > 1") &&
           add("tops=top(product_id,4)") && add("spread=stddev(price)") &&
           add("middle=median(price)") && add("high_one=quantile(price,0.99) if .price > 0") &&
           add("prices=top(price,1000) if .price > -5") &&
           add("some_big=any(.price > 99) if .price > 10") && add("all_big=all(.price > 0)") &&
           aggregates_complete(&all, &why),
       "aggregates of every kind are read");
    for (int i = 0; i < 200; i++)
        round_run(&shuffled, &parts, &states, &removals);
    is_int(shuffled, 0, "any order of events gives the same cells");
    is_int(parts, 0, "two parts combined are the whole");
    is_int(states, 0, "saved and loaded they still are");
    is_int(removals, 0, "one of them taken away leaves the other, or what is not known is said");
    ok(told_removals > 0 && untold_removals > 0, "both happen");
    end();
}

/* As many different values as registers are needed for: in two parts that have some in common, and
 * that were few or many. */
static bool unlike_right(int first, int second, int behind)
{
    struct buffer text = {0}, other_text = {0}, packed = {0}, packed_other = {0};
    char *whole = memory_zero(2, all.cell_bytes), *other = whole + all.cell_bytes;
    char digits[24];
    for (int i = 0; i < behind; i++) {
        snprintf(digits, sizeof digits, "%d", i);
        prices[0] = number(digits);
        times[0] = i;
        event_add(whole, &text, 0);
    }
    buffer_clear(&packed);
    aggregates_save(&all, whole, &text, true, &packed);
    memset(whole, 0, all.cell_bytes);
    for (int i = 0; i < behind; i++) {
        snprintf(digits, sizeof digits, "%d", i);
        prices[0] = number(digits);
        times[0] = i;
        if (i < first) event_add(whole, &text, 0);
        if (i >= second) event_add(other, &other_text, 0);
    }
    aggregates_combine(&all, aggregates_all(&all), other, &other_text, whole, &text);
    aggregates_save(&all, other, &other_text, true, &packed_other);
    const bool good = slice_equal(buffer_slice(&packed), buffer_slice(&packed_other));
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    memset(other, 0, all.cell_bytes);
    aggregates_load(&all, other, &other_text, true, &in);
    const bool loaded = !in.broken && in.at == in.end;
    buffer_clear(&packed_other);
    aggregates_save(&all, other, &other_text, true, &packed_other);
    const bool again = slice_equal(buffer_slice(&packed), buffer_slice(&packed_other));
    buffer_release(&text);
    buffer_release(&other_text);
    buffer_release(&packed);
    buffer_release(&packed_other);
    free(whole);
    return good && loaded && again;
}

static void test_unlike(void)
{
    begin();
    ok(add("unlike=approx_distinct(price)") && aggregates_complete(&all, &why),
       "values are counted approximately");
    ok(unlike_right(10, 10, 20), "few values and few are few");
    ok(unlike_right(3072, 3000, 3072), "so many are counted exactly");
    ok(unlike_right(3000, 2000, 3073), "few and few may be many: saved, they are the same bytes");
    ok(unlike_right(20000, 19990, 20000), "many and few are many");
    ok(unlike_right(10, 5, 20000), "so are few and many");
    ok(unlike_right(12000, 8000, 20000), "and many and many");
    end();
}

/* More different values than are counted: what is counted too much, and what is found. */
static void test_many(void)
{
    enum { VALUES = 60000, EVENTS_MANY = 400000, HEAVY = 20 };
    static uint32_t times_of[VALUES];
    struct buffer text = {0}, packed = {0}, again = {0};
    begin();
    ok(add("t=top(price,20)") && aggregates_complete(&all, &why), "tops are read");
    char *cells = memory_zero(2, all.cell_bytes), *other = cells + all.cell_bytes;
    char digits[24];
    bool went_on = true;
    for (int i = 0; i < EVENTS_MANY; i++) {
        /* A third of the events are of the first few values, which come again and again. */
        const int value = rand() % 3 == 0 ? rand() % HEAVY : HEAVY + rand() % (VALUES - HEAVY);
        snprintf(digits, sizeof digits, "%d", value);
        prices[0] = number(digits);
        times_of[value]++;
        event_add(cells, &text, 0);
        if (i % 50000 != 49999) continue;
        /* A state is saved, and gone on with: nothing is another afterwards. */
        struct buffer moved = {0};
        buffer_clear(&packed);
        buffer_clear(&again);
        aggregates_save(&all, cells, &text, true, &packed);
        struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
        memset(other, 0, all.cell_bytes);
        aggregates_load(&all, other, &moved, true, &in);
        aggregates_save(&all, other, &moved, true, &again);
        went_on &= !in.broken && slice_equal(buffer_slice(&packed), buffer_slice(&again));
        memcpy(cells, other, all.cell_bytes);
        buffer_release(&text);
        text = moved;
    }
    ok(went_on, "a saved state is the same when loaded");
    ok(text.len < 8 << 20, "memory is bounded");
    struct buffer out = printed(cells, &text);
    buffer_add_char(&out, '\0');
    int found = 0, wrong = 0;
    const char *at = out.data;
    while ((at = strstr(at, "\"value\":")) != NULL) {
        const long value = strtol(at + 8, (char **)&at, 10);
        const long counted = strtol(at + 9, (char **)&at, 10);
        found += value < HEAVY;
        wrong += counted < (long)times_of[value] ||
                 counted > (long)times_of[value] + EVENTS_MANY / 10000;
    }
    is_int(found, HEAVY, "all values that are frequent are found");
    is_int(wrong, 0, "a count is too large by a part in ten thousand at most, and never too small");
    buffer_release(&out);
    buffer_release(&text);
    buffer_release(&packed);
    buffer_release(&again);
    free(cells);
    end();
}

/* The printed cells after these prices. */
static bool gives(const char *const *texts, const char *sum, const char *average, const char *name)
{
    struct buffer text = {0};
    char *cells = memory_zero(1, all.cell_bytes);
    products[0] = VALUE_NULL;
    for (; *texts != NULL; texts++) {
        prices[0] = number(*texts);
        event_add(cells, &text, 0);
    }
    struct buffer out = printed(cells, &text);
    char wanted[200];
    snprintf(wanted, sizeof wanted, "{\"s\":%s,\"a\":%s}\n", sum, average);
    const bool passed = is_text(buffer_slice(&out), wanted, name);
    buffer_release(&out);
    buffer_release(&text);
    free(cells);
    return passed;
}

static void test_spread(void)
{
    static const struct {
        const char *const prices[6];
        const char *wanted;
    } cases[] = {
        {{NULL}, "null"},
        {{"5", NULL}, "null"},
        {{"5", "5", NULL}, "0"},
        {{"1", "2", NULL}, "0.707107"},
        {{"-1", "1", "-1", "1", NULL}, "1.154701"},
        {{"1000000000000000000.1", "1000000000000000000.3", NULL}, "0.141421"},
        {{"0.000001", "0", NULL}, "0.000001"},
        {{"0.0000005", "0", NULL}, "0"},
        {{"170141183460469231731687303715", "-170141183460469231731687303715", NULL}, "null"},
        {{"120000000000000000000000000000", "-120000000000000000000000000000", NULL},
         "169705627484771405856202646905.163769"},
        {{"1e400", "1", "2", NULL}, "null"},
    };
    begin();
    ok(add("d=stddev(price)") && aggregates_complete(&all, &why), "deviations are read");
    char *cells = memory_zero(1, all.cell_bytes);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer text = {0};
        char wanted[80];
        memset(cells, 0, all.cell_bytes);
        products[0] = VALUE_NULL;
        for (const char *const *at = cases[i].prices; *at != NULL; at++) {
            prices[0] = number(*at);
            event_add(cells, &text, 0);
        }
        struct buffer out = printed(cells, &text);
        snprintf(wanted, sizeof wanted, "{\"d\":%s}\n", cases[i].wanted);
        is_text(buffer_slice(&out), wanted, "a deviation is rounded once");
        buffer_release(&out);
        buffer_release(&text);
    }
    free(cells);
    end();
}

static int double_compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* A price of one of several kinds: even, long-tailed, on both sides of 0, or always of a few. */
static double price_random(int kind)
{
    const double even = (rand() + 1.0) / (RAND_MAX + 2.0);
    switch (kind % 4) {
    case 0: return 1 + 1000 * even;
    case 1: return exp(12 * even * even - 3);
    case 2: return 2000 * even - 1000;
    default: return rand() % 70;
    }
}

/* Cells of the same numbers, as they come and in two parts of which one was saved: worst error. */
static double quantiles_run(int kind, int count, int *differ)
{
    static double numbers[4000];
    static const double shares[] = {0, 0.05, 0.5, 0.95, 1};
    struct buffer text = {0}, other_text = {0}, packed = {0};
    char *cells = memory_zero(2, all.cell_bytes), *other = cells + all.cell_bytes;
    double worst = 0;
    for (int i = 0; i < count; i++) {
        char digits[40];
        snprintf(digits, sizeof digits, "%.10g", price_random(kind));
        prices[0] = number(digits);
        numbers[i] = strtod(digits, NULL);
        event_add(cells, &text, 0);
        if (i < count / 3) event_add(other, &other_text, 0);
        if (i + 1 != count / 3) continue;
        aggregates_save(&all, other, &other_text, true, &packed);
        memset(other, 0, all.cell_bytes);
        buffer_clear(&other_text);
    }
    for (int i = count / 3; i < count; i++) {
        char digits[40];
        snprintf(digits, sizeof digits, "%.10g", numbers[i]);
        prices[0] = number(digits);
        event_add(other, &other_text, 0);
    }
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    aggregates_load(&all, other, &other_text, true, &in);
    *differ +=
        in.broken || in.at != in.end || !same(printed(cells, &text), printed(other, &other_text));
    qsort(numbers, (size_t)count, sizeof numbers[0], double_compare);
    struct buffer out = printed(cells, &text);
    buffer_add_char(&out, '\0');
    const char *at = out.data;
    for (size_t i = 0; i < 5; i++) {
        at = strchr(at, ':') + 1;
        const double wanted = numbers[i == 0 ? 0 : (int)ceil(shares[i] * count - 1e-9) - 1];
        const double error = fabs(strtod(at, NULL) - wanted) / fmax(fabs(wanted), 1e-300);
        if (error > worst) worst = error;
    }
    buffer_release(&out);
    buffer_release(&text);
    buffer_release(&other_text);
    buffer_release(&packed);
    free(cells);
    return worst;
}

static void test_quantiles(void)
{
    const int runs = is_full() ? 20000 : is_quick() ? 60 : 1000;
    double worst = 0, worst_few = 0;
    int differ = 0;
    begin();
    ok(add("a=quantile(price,0)") && add("b=quantile(price,0.05)") && add("c=median(price)") &&
           add("d=quantile(price,0.95)") && add("e=quantile(price,1)") &&
           aggregates_complete(&all, &why),
       "quantiles are read");
    products[0] = VALUE_NULL;
    for (int run = 0; run < runs; run++) {
        worst = fmax(worst, quantiles_run(run, 300 + rand() % 700, &differ));
        worst_few = fmax(worst_few, quantiles_run(run, 3 + rand() % 62, &differ));
    }
    printf("# %d runs: the worst error is %.3f %%\n", runs, 100 * worst);
    ok(worst <= 0.01, "a quantile is within 1 % of the number that it is");
    ok(worst_few <= 1e-9, "of up to 64 numbers it is that number");
    is_int(differ, 0, "parts of which one was saved are the whole");
    end();
}

#define LARGEST "170141183460469231731687303715.884105727"

static void test_sums(void)
{
    begin();
    ok(add("s=sum(price)") && add("a=avg(price)") && aggregates_complete(&all, &why),
       "sums are read");
    gives((const char *[]){NULL}, "null", "null", "the sum of no numbers is null");
    gives((const char *[]){"0.1", "0.2", NULL}, "0.3", "0.15", "sums are decimals, not doubles");
    gives((const char *[]){"1", "1", "0", NULL}, "2", "0.666667", "an average has six places");
    gives((const char *[]){LARGEST, "1", "-2", NULL}, "170141183460469231731687303714.884105727",
          "56713727820156410577229101238.294702", "a sum may be too large on the way");
    gives((const char *[]){LARGEST, "1", NULL}, "null", "null", "but not in the end");
    gives((const char *[]){"1e400", "1", "-1e400", NULL}, "null", "null", "nor may a number");
    end();
}

int main(void)
{
    srand(1);
    test_reading();
    test_sharing();
    test_cells();
    test_unlike();
    test_many();
    test_sums();
    test_spread();
    test_quantiles();
    buffer_release(&why);
    return plan();
}
