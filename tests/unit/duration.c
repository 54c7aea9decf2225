/* duration.c - what is a length of time, and what is said when it is none. */
#include "base/duration.h"

#include <stdlib.h>

#include "tap.h"

static void test_accepted(void)
{
    static const struct {
        const char *text;
        int64_t wanted;
    } cases[] = {
        {"500ms", 500000},
        {"30s", 30000000},
        {"15m", 900000000},
        {"2h", INT64_C(7200000000)},
        {"1d", INT64_C(86400000000)},
        {"1h30m", INT64_C(5400000000)},
        {"1d2h3m4s5ms6us", INT64_C(93784005006)},
        {"90m", INT64_C(5400000000)},
        {"1w", INT64_C(604800000000)},
        {"1w2d", INT64_C(777600000000)},
        {"0s", 0},
        {"007s", 7000000},
        {"315537897600000000us", DURATION_MAX},
        {"3652059d", INT64_C(3652059) * 86400000000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t got = -1;
        const char *reason = duration_parse(cases[i].text, &got);
        char name[64];
        snprintf(name, sizeof(name), "%s is a duration", cases[i].text);
        if (reason != NULL) printf("# %s\n", reason);
        is_int(got, cases[i].wanted, name);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {"", "empty: say how long, as in 30s, 15m or 1h30m"},
        {"5", "which unit? (5s, 5m, 5h)"},
        {"0", "which unit? (0s, 0m, 0h)"},
        {"1h30", "'1h30' ends without a unit"},
        {"5x", "'5x' has no known unit (us, ms, s, m, h, d, w)"},
        {"5S", "'5S' has no known unit (us, ms, s, m, h, d, w)"},
        {"5 s", "'5 s' has no known unit (us, ms, s, m, h, d, w)"},
        {"-5s", "'-5s' is negative"},
        {"1.5h", "'1.5h' has a fraction: use a smaller unit (1h30m, 1500ms)"},
        {"s", "'s' is no duration (30s, 15m, 1h30m)"},
        {"+5s", "'+5s' is no duration (30s, 15m, 1h30m)"},
        {"5s ", "'5s ' is no duration (30s, 15m, 1h30m)"},
        {"max", "'max' is no duration (30s, 15m, 1h30m)"},
        {"30m1h", "'30m1h': units go from large to small, each once (1h30m)"},
        {"1h1h", "'1h1h': units go from large to small, each once (1h30m)"},
        {"315537897600000001us", "'315537897600000001us' is more than 9,999 years"},
        {"99999999999999999999s", "'99999999999999999999s' is more than 9,999 years"},
        {"9223372036854775807d", "'9223372036854775807d' is more than 9,999 years"},
        {"3652060d", "'3652060d' is more than 9,999 years"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t got = -1;
        const char *reason = duration_parse(cases[i].text, &got);
        char name[64];
        snprintf(name, sizeof(name), "'%s' is refused and says why", cases[i].text);
        is_text(slice_of(reason == NULL ? "accepted" : reason), cases[i].wanted, name);
    }
}

static void test_weeks(void)
{
    is_text(slice_of(duration_refuse_weeks("1w2d")),
            "'1w2d': a window's length has no weeks: write 9d (windows of 7d begin on Thursdays)",
            "weeks can be refused, with what to write instead");
    ok(duration_refuse_weeks("7d") == NULL, "days are no weeks");
    ok(duration_refuse_weeks("5wx") == NULL, "what is no duration has a message of its own");
}

static void test_round_trip(void)
{
    struct buffer text = {0};
    int wrong = 0;

    for (int i = 0; i < 100000; i++) {
        const uint64_t bits = (uint64_t)lrand48() << 31 ^ (uint64_t)lrand48();
        const int64_t wanted = (int64_t)(bits >> lrand48() % 62) % (DURATION_MAX + 1);
        int64_t got = -1;
        buffer_clear(&text);
        duration_print(&text, wanted);
        buffer_add_char(&text, '\0');
        wrong += duration_parse(text.data, &got) != NULL || got != wanted;
    }
    is_int(wrong, 0, "what is printed reads as the same duration");
    buffer_release(&text);
}

static void test_seconds(void)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.000001"},
        {INT64_C(1000), "0.001"},
        {INT64_C(1200000), "1.2"},
        {INT64_C(100001), "0.100001"},
        {INT64_C(1000010), "1.00001"},
        {INT64_C(900000000), "900"},
        {INT64_C(1799999999), "1799.999999"},
    };
    struct buffer text = {0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_clear(&text);
        duration_print_seconds(&text, cases[i].us);
        is_text(buffer_slice(&text), cases[i].text, "a number of seconds");
    }
    buffer_release(&text);
}

int main(void)
{
    struct buffer text = {0};

    duration_print(&text, INT64_C(5400000000));
    is_text(buffer_slice(&text), "1h30m", "zero parts are left out");
    buffer_clear(&text);
    duration_print(&text, INT64_C(604800000000));
    is_text(buffer_slice(&text), "7d", "a week is printed as days");
    buffer_clear(&text);
    duration_print(&text, 0);
    is_text(buffer_slice(&text), "0s", "but for the last");
    buffer_release(&text);
    test_accepted();
    test_refused();
    test_weeks();
    test_round_trip();
    test_seconds();
    return plan();
}
