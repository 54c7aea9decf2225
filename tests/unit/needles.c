/* needles.c - many short texts in a long one, against a search that tries every place. */
#include "base/needles.h"

#include <stdlib.h>

#include "naive.h"
#include "tap.h"

enum { NEEDLES = 12, NEEDLE_MOST = 6, TEXT_MOST = 60 };

static uint64_t seed = 7;

static uint32_t random_below(uint32_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

static size_t random_fill(char *text, size_t most, size_t least, uint32_t letters)
{
    const size_t len = least + random_below((uint32_t)(most - least + 1));
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(random_below(letters) == 0 ? 0xff : 'a' + random_below(letters));
    return len;
}

/* Few letters, so that needles are ends and pieces of each other. */
static bool round_agrees(uint32_t letters)
{
    char room[NEEDLES][NEEDLE_MOST];
    char text[TEXT_MOST];
    struct slice needle[NEEDLES];
    bool first[NEEDLES];
    struct needles needles = {0};
    struct naive naive = {.needle = needle, .count = 1 + random_below(NEEDLES)};
    bool agrees = true;

    for (uint32_t i = 0; i < naive.count; i++) {
        needle[i] = (struct slice){room[i], random_fill(room[i], NEEDLE_MOST, 1, letters)};
        first[i] = needles_add(&needles, needle[i], i);
    }
    needles_build(&needles);
    for (int i = 0; i < 20; i++) {
        naive.text = (struct slice){text, random_fill(text, TEXT_MOST, 0, letters)};
        agrees = naive_agrees(&naive, &needles, first) && agrees;
    }
    needles_release(&needles);
    return agrees;
}

static uint32_t found_last;
static int found_times;

static void note(void *context, uint32_t number, size_t behind)
{
    (void)context;
    (void)behind;
    found_last = number;
    found_times++;
}

int main(void)
{
    int wrong = 0;
    for (int i = 0; i < rounds(2000); i++)
        for (uint32_t letters = 1; letters < 5; letters++)
            wrong += !round_agrees(letters);
    is_int(wrong, 0, "what is found is what a search at every place finds");

    struct needles needles = {0};
    ok(needles_add(&needles, SLICE("bot"), 7), "a needle is new");
    ok(!needles_add(&needles, SLICE("bot"), 8), "of two that are alike the second is not");
    needles_build(&needles);
    needles_find(&needles, SLICE("robots"), note, NULL);
    is_int(found_last, 7, "the first of two that are alike is what is found");
    needles_find(&needles, SLICE(""), note, NULL);
    is_int(found_times, 1, "nothing is in an empty text");
    needles_release(&needles);

    struct needles none = {0};
    needles_build(&none);
    needles_find(&none, SLICE("anything"), note, NULL);
    is_int(found_times, 1, "no needles are nowhere");
    needles_release(&none);
    return plan();
}
