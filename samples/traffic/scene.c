#include "scene.h"

#include <stdlib.h>

#include "catalog.h"
#include "line.h"
#include "output.h"

#define SALT_SCENE 41
#define SALT_PLACE 42
#define PLACE_ATTEMPTS 1000

/* Above all numbers of the crowd: the kind, the thing, the place in its script. */
static uint64_t planted_number(const struct scene *scene, size_t place)
{
    return EVENT_PLANTED | (uint64_t)scene->kind << 48 | (uint64_t)scene->number << 16 | place;
}

void scene_init(struct scene *scene, enum plant_kind kind, uint32_t number,
                const struct options *options)
{
    *scene = (struct scene){.options = options,
                            .kind = kind,
                            .number = number,
                            .filled_at = SCENE_NONE,
                            .left_at = SCENE_NONE,
                            .settled_at = SCENE_NONE};
    scene->user = options->users + 1 + (uint32_t)kind * PLANT_MAX + number;
    scene->rng = rng_for(options->seed, SALT_SCENE, planted_number(scene, 0));
    scene->events = malloc(SCENE_EVENTS_MAX * sizeof(scene->events[0]));
    if (!scene->events) die_errno("scene");
}

void scene_release(struct scene *scene)
{
    free(scene->events);
}

void scene_visit(struct scene *scene, uint8_t source, uint8_t device)
{
    if (scene->visit_count == SCENE_VISITS_MAX) abort();
    scene->visitor = (struct event){
        .session = planted_number(scene, scene->visit_count), .source = source, .device = device};
    scene->visits[scene->visit_count++] = scene->count;
}

void scene_wait(struct scene *scene, int32_t least_ms, int32_t most_ms)
{
    scene->at_us += INT64_C(1000) *
                    (least_ms + (int32_t)scene_below(scene, (uint32_t)(most_ms - least_ms + 1)));
}

size_t scene_do(struct scene *scene, enum event_type type, uint32_t product)
{
    if (scene->count == SCENE_EVENTS_MAX) abort();
    struct event *event = &scene->events[scene->count];
    *event = scene->visitor;
    event->number = planted_number(scene, scene->count);
    event->time_us = scene->at_us;
    event->type = (uint8_t)type;
    event->product = product;
    event->quantity = product ? 1 : 0;
    event->detail = (uint32_t)(rng_next(&scene->rng) >> 32);
    if (type == ADD_TO_CART && scene->filled_at == SCENE_NONE) scene->filled_at = scene->count;
    if (type == SEARCH) event->term = (uint16_t)rng_zipf(&scene->rng, 100);
    return scene->count++;
}

void scene_log_in(struct scene *scene)
{
    scene->visitor.user = scene->user;
}

void scene_log_out(struct scene *scene)
{
    scene->visitor.user = 0;
}

uint32_t scene_product(struct scene *scene)
{
    return 1 + scene_below(scene, scene->options->products);
}

uint32_t scene_below(struct scene *scene, uint32_t bound)
{
    return rng_below(&scene->rng, bound);
}

size_t scene_known(const struct scene *scene)
{
    for (size_t at = 0; at < scene->count; at++) {
        if (scene->events[at].user) return at;
    }
    return 0;
}

char *scene_print_member(char *out, const struct scene *scene, size_t at, enum member_id id)
{
    struct record record;
    record_fill(&record, &scene->events[at], scene->options);
    if (record.members[id].kind == VALUE_NULL) return text_print(out, "null");
    return line_print_text(out, record.members[id].text, record.members[id].len);
}

/* Does a purchase fall into a time in which none succeeds? */
static bool scene_meets_outage(const struct scene *scene, int64_t offset_us)
{
    for (size_t i = 0; i < scene->count; i++) {
        const struct event *event = &scene->events[i];
        if (event->type == PURCHASE &&
            spans_find(&scene->options->outages, offset_us + event->time_us))
            return true;
    }
    return false;
}

bool scene_place(struct scene *scene, int64_t duration_us)
{
    const int64_t room_ms = (duration_us - scene_length_us(scene)) / 1000;
    struct rng rng = rng_for(scene->options->seed, SALT_PLACE, planted_number(scene, 0));
    int64_t offset_us = 0;
    int attempts = room_ms > 0 ? PLACE_ATTEMPTS : 0;
    do {
        if (attempts-- == 0) return false;
        offset_us = (int64_t)(rng_next(&rng) % (uint64_t)room_ms) * 1000;
    } while (scene_meets_outage(scene, offset_us));
    for (size_t i = 0; i < scene->count; i++)
        scene->events[i].time_us += scene->options->start_us + offset_us;
    return true;
}
