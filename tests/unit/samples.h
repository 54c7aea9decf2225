/*
 * samples.h - events at random, for tests of what depends on their order: session.c, cart.c.
 *
 * Times are microseconds by name only: a few dozen of them make a world small enough for a slow,
 * plain reference.
 */
#ifndef CS_SAMPLES_H
#define CS_SAMPLES_H

#include <stdlib.h>

#include "session/timeline.h"

#define EVENTS_MAX 400
#define EVENTS_FEW 60 /* for worlds by the thousand */
#define PARTITIONS_MAX 3
#define IDS 2

/* More than there is room for in a record, so that some counters stand in the blocks. */
enum {
    ACTION_OTHER,
    ACTION_PAGE_VIEW,
    ACTION_PRODUCT_VIEW,
    ACTION_ADD_TO_CART,
    ACTION_PURCHASE,
    ACTION_SEARCH,
    ACTION_CHECKOUT_START,
    ACTION_COUNT
};

enum { SAMPLE_USER, SAMPLE_SOURCE, SAMPLE_PRODUCT, SAMPLE_VALUES };

/* The last user, the first source, and all products. */
static const struct kept sample_kept = {.actions = ACTION_COUNT - 1,
                                        .attributes = 2,
                                        .lasts = 1,
                                        .first_bits = 2,
                                        .slot = {SAMPLE_USER, SAMPLE_SOURCE},
                                        .list_slot = SAMPLE_PRODUCT};

static uint64_t random_state = 88172645463325252u;

static int64_t random_below(int64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state % (uint64_t)bound);
}

/* An event as the test knows it: small numbers stand for texts, -1 for null. */
struct sample {
    int64_t time_us, watermark_us;
    int id, user, source, product;
    unsigned action;
    int64_t advance_us; /* the smallest watermark after it */
    bool used;
};

struct world {
    struct sample sample[EVENTS_MAX];
    int count, most;
    int64_t lateness_us;
};

static struct value text_of(char *text, char letter, int number)
{
    if (number < 0) return VALUE_NULL;
    text[0] = letter;
    text[1] = (char)('a' + number);
    return value_string((struct slice){text, 2});
}

/* Events of some partitions, each a little out of order, and the partitions interleaved at random.
 */
static void world_random(struct world *world, bool in_time)
{
    const int partitions = 1 + (int)random_below(PARTITIONS_MAX);
    const int64_t span_us = 1 + random_below(60);
    const int64_t disorder_us =
        in_time ? world->lateness_us : world->lateness_us + random_below(20);
    int64_t clock[PARTITIONS_MAX];
    int64_t greatest[PARTITIONS_MAX];

    for (int i = 0; i < partitions; i++) {
        clock[i] = random_below(span_us);
        greatest[i] = INT64_MIN;
    }
    world->count = 1 + (int)random_below(world->most);
    int partition = 0;
    for (int i = 0; i < world->count; i++) {
        struct sample *sample = &world->sample[i];
        if (random_below(3) == 0) partition = (int)random_below(partitions);
        clock[partition] += random_below(random_below(12) == 0 ? 12 : 3);
        sample->time_us = clock[partition] - random_below(disorder_us + 1);
        sample->watermark_us = INT64_MIN;
        if (greatest[partition] != INT64_MIN)
            sample->watermark_us = greatest[partition] - world->lateness_us;
        if (in_time && sample->time_us < sample->watermark_us)
            sample->time_us = sample->watermark_us;
        if (sample->time_us > greatest[partition]) greatest[partition] = sample->time_us;
        sample->advance_us = INT64_MAX;
        for (int p = 0; p < partitions; p++) {
            const int64_t watermark_us =
                greatest[p] == INT64_MIN ? INT64_MIN : greatest[p] - world->lateness_us;
            if (watermark_us < sample->advance_us) sample->advance_us = watermark_us;
        }
        sample->id = (int)random_below(IDS);
        sample->user = (int)random_below(4) - 1;
        sample->source = (int)random_below(4) - 1;
        sample->product = (int)random_below(4) - 1;
        sample->action = (unsigned)random_below(ACTION_COUNT);
    }
}

/* An event as timelines take it, and what it borrows. */
struct sample_event {
    struct click click;
    struct value value[SAMPLE_VALUES];
    char texts[2 * SAMPLE_VALUES];
};

/* Fills it in; name is replaced. */
static void sample_click(const struct sample *sample, struct sample_event *event,
                         struct buffer *name)
{
    char id[2];

    event->value[SAMPLE_USER] = text_of(event->texts, 'u', sample->user);
    event->value[SAMPLE_SOURCE] = text_of(event->texts + 2, 's', sample->source);
    event->value[SAMPLE_PRODUCT] = text_of(event->texts + 4, 'p', sample->product);
    event->click = (struct click){.time_us = sample->time_us,
                                  .watermark_us = sample->watermark_us,
                                  .action = sample->action,
                                  .value = event->value,
                                  .listed = kept_listed(&sample_kept, event->value)};
    buffer_clear(name);
    name_add(name, text_of(id, 'i', sample->id));
}

static int sample_order(const void *a, const void *b)
{
    const struct sample *left = a;
    const struct sample *right = b;

    if (left->time_us != right->time_us) return left->time_us < right->time_us ? -1 : 1;
    return left->product - right->product;
}

#endif
