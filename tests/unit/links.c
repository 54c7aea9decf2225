/* links.c - who stands behind an anonymous id, and how long that is remembered. */
#include "people/links.h"

#include <stdlib.h>

#include "tap.h"

static struct names names;
static struct rate rate;
static struct links links;

static void begin(int64_t horizon_us, bool keeps_texts)
{
    names_init(&names);
    rate_init(&rate, 0, 0);
    links_init(&links, &names, &rate, horizon_us, keeps_texts);
}

static void end(void)
{
    links_release(&links);
    rate_release(&rate);
    names_release(&names);
}

static uint32_t take(const char *anonymous)
{
    return links_take(&links, id_of(slice_of(anonymous)), LINKS_AHEAD, 0, slice_of(anonymous));
}

static struct slice known(uint32_t number, int64_t time_us)
{
    const uint32_t name = links_known(&links, links_at(&links, number), time_us);
    return name == NAME_NONE ? SLICE("nobody") : names_text(&names, name);
}

static void test_names(void)
{
    begin(100, false);
    const uint32_t a = take("a"), b = take("b");
    ok(a != b && take("a") == a, "an id has one link");
    is_text(known(a, 0), "nobody", "of nobody");
    ok(!links_name(&links, a, SLICE("alice"), 10), "who is named first changes nobody");
    is_text(known(a, 110), "alice", "it is hers to the end of the horizon");
    is_text(known(a, 111), "nobody", "and no longer");
    ok(!links_name(&links, a, SLICE("alice"), 50), "named again, she stays");
    is_text(known(a, 150), "alice", "and the horizon is later");
    is_int(links_at(&links, a)->since_us, 10, "since she was named first");
    ok(links_name(&links, a, SLICE("bob"), 60), "another one is a change");
    is_text(known(a, 60), "bob", "and it is his");
    is_int(links_at(&links, a)->since_us, 60, "since then");
    ok(!links_name(&links, a, SLICE("alice"), 200), "behind the horizon nobody remembers him");
    ok(!links_name(&links, b, SLICE("alice"), 200), "she may have several");
    is_int((int64_t)names.roster.count, 1, "her name is kept once");
    links_drop(&links, a);
    links_drop(&links, a);
    links_drop(&links, b);
    is_int((int64_t)links_count(&links), 2, "links are there when no event waits");
    links_advance(&links, 300);
    is_int((int64_t)links_count(&links), 2, "as long as they may be of use");
    links_advance(&links, 301);
    is_int((int64_t)links_count(&links), 0, "and no longer");
    is_int((int64_t)names.roster.count, 0, "the name, too, is forgotten");
    links_drop(&links, take("c"));
    is_int((int64_t)links_count(&links), 0, "of nobody, a link is there while events wait");
    end();
}

/* Many ids at random: what is forgotten is just what is of no use. */
static void test_horizon(void)
{
    enum { IDS = 50, STEPS = 20000 };
    int64_t last_us[IDS];
    int wrong = 0;

    begin(1000, true);
    for (int i = 0; i < IDS; i++)
        last_us[i] = INT64_MIN / 2;
    srand48(1);
    for (int64_t now_us = 0; now_us < STEPS; now_us += lrand48() % 90) {
        char text[16];
        const int i = (int)(lrand48() % IDS);
        (void)snprintf(text, sizeof text, "id%d", i);
        const uint32_t number = take(text);
        wrong += (links_known(&links, links_at(&links, number), now_us) != NAME_NONE) !=
                 (now_us - last_us[i] <= 1000);
        if (lrand48() % 3 == 0) {
            (void)links_name(&links, number, slice_of(lrand48() % 2 == 0 ? "x" : "y"), now_us);
            last_us[i] = now_us;
        }
        links_drop(&links, number);
        links_advance(&links, now_us);
        size_t kept = 0;
        for (int other = 0; other < IDS; other++)
            kept += now_us - last_us[other] <= 1000;
        wrong += kept != links_count(&links);
    }
    is_int(wrong, 0, "at any time those are kept that somebody could ask for");
    links_advance(&links, 10 * STEPS);
    ok(links_count(&links) == 0 && names.roster.count == 0 && links.texts.live == 0,
       "in the end nothing is");
    end();
}

static void test_sorted(void)
{
    size_t count;
    int member;

    begin(INT64_MAX, true);
    static const char *const texts[] = {"b", "a", "ab", "c"};
    for (int i = 0; i < 4; i++) {
        const struct slice text = slice_of(texts[i]);
        const uint32_t number = links_take(&links, id_of(text), LINKS_AHEAD, i == 1 ? 1 : 0, text);
        if (i != 3) (void)links_name(&links, number, SLICE("k"), i);
        links_drop(&links, number);
    }
    uint32_t *const sorted = links_sorted(&links, &count);
    is_int((int64_t)count, 3, "those that are of somebody are listed");
    is_text(link_text(links_at(&links, sorted[0]), &member), "ab", "by member, then by text");
    is_text(link_text(links_at(&links, sorted[2]), &member), "a", "the second member behind");
    is_int(member, 1, "which is told");
    free(sorted);
    links_advance(&links, INT64_MAX - 1);
    is_int((int64_t)links_count(&links), 3, "without a horizon nothing is forgotten");
    end();
}

static uint32_t no_visit(void *context, uint32_t number)
{
    (void)context;
    (void)number;
    return POOL_NONE;
}

static void test_state(void)
{
    struct buffer saved = {0}, again = {0};

    begin(1000, true);
    for (int i = 0; i < 20; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "id%d", i);
        const uint32_t number = take(text);
        if (i % 3 != 0) (void)links_name(&links, number, slice_of(i % 2 == 0 ? "x" : "y"), i);
    }
    links_save(&links, &saved);
    end();
    begin(1000, true);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    ok(links_load(&links, &in, no_visit, NULL), "what was saved can be loaded");
    links_save(&links, &again);
    ok(slice_equal(buffer_slice(&saved), buffer_slice(&again)), "and is the same");
    end();
    int wrong = 0;
    for (size_t len = 0; len < saved.len; len++) {
        begin(1000, true);
        struct unpack cut = {.at = saved.data, .end = saved.data + len};
        wrong += links_load(&links, &cut, no_visit, NULL);
        end();
    }
    is_int(wrong, 0, "a piece of it is refused");
    buffer_release(&saved);
    buffer_release(&again);
}

int main(void)
{
    test_names();
    test_horizon();
    test_sorted();
    test_state();
    return plan();
}
