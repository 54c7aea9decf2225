/*
 * clicks.h - events at random, for tests of what depends on their order: session.c, cart.c.
 *
 * Times are microseconds by name only: a few dozen of them make a world small enough for a slow,
 * plain reference.
 */
#ifndef CS_CLICKS_H
#define CS_CLICKS_H

#include <stdlib.h>

#include "session/timeline.h"

#define EVENTS_MAX 60
#define PARTITIONS_MAX 3
#define IDS 2

static uint64_t random_state = 88172645463325252u;

static int64_t random_below(int64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state % (uint64_t)bound);
}

/* An event as the test knows it: small numbers stand for texts, -1 for null. */
struct click {
    int64_t time_us, watermark_us;
    int id, user, source, product;
    enum deed deed;
    int64_t advance_us; /* the smallest watermark after it */
    bool used;
};

struct world {
    struct click click[EVENTS_MAX];
    int count;
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
    world->count = 1 + (int)random_below(EVENTS_MAX);
    int partition = 0;
    for (int i = 0; i < world->count; i++) {
        struct click *click = &world->click[i];
        if (random_below(3) == 0) partition = (int)random_below(partitions);
        clock[partition] += random_below(random_below(12) == 0 ? 12 : 3);
        click->time_us = clock[partition] - random_below(disorder_us + 1);
        click->watermark_us = INT64_MIN;
        if (greatest[partition] != INT64_MIN)
            click->watermark_us = greatest[partition] - world->lateness_us;
        if (in_time && click->time_us < click->watermark_us) click->time_us = click->watermark_us;
        if (click->time_us > greatest[partition]) greatest[partition] = click->time_us;
        click->advance_us = INT64_MAX;
        for (int p = 0; p < partitions; p++) {
            const int64_t watermark_us =
                greatest[p] == INT64_MIN ? INT64_MIN : greatest[p] - world->lateness_us;
            if (watermark_us < click->advance_us) click->advance_us = watermark_us;
        }
        click->id = (int)random_below(IDS);
        click->user = (int)random_below(4) - 1;
        click->source = (int)random_below(4) - 1;
        click->product = (int)random_below(4) - 1;
        click->deed = (enum deed)random_below(DEED_COUNT);
    }
}

/* What timelines want to know of an event; texts has room for six bytes, name is replaced. */
static void click_fact(const struct click *click, struct fact *fact, char *texts,
                       struct buffer *name)
{
    char id[2];

    *fact = (struct fact){.time_us = click->time_us,
                          .watermark_us = click->watermark_us,
                          .deed = click->deed,
                          .user = text_of(texts, 'u', click->user),
                          .source = text_of(texts + 2, 's', click->source),
                          .device = VALUE_NULL,
                          .product = text_of(texts + 4, 'p', click->product)};
    buffer_clear(name);
    timeline_name_add(name, text_of(id, 'i', click->id));
}

static int click_order(const void *a, const void *b)
{
    const struct click *left = a;
    const struct click *right = b;

    if (left->time_us != right->time_us) return left->time_us < right->time_us ? -1 : 1;
    return left->product - right->product;
}

#endif
