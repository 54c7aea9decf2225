/*
 * scene.h - one planted thing: what its visitors do, as events.
 *
 * A script first says who comes (scene_visit), then what is done (scene_do) and how long that
 * takes (scene_wait). Times count from the scene's beginning, until scene_place puts it into the
 * run. The scene owns its events.
 *
 * Numbers of planted events, sessions and users are above all others, and follow from the kind,
 * the number of the thing and the place in its script alone: what else happens in the shop, and
 * what else is planted, changes no byte of it, nor does it change a byte of the rest.
 */
#ifndef TRAFFIC_SCENE_H
#define TRAFFIC_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "options.h"
#include "plant.h"
#include "record.h"
#include "rng.h"

#define SCENE_VISITS_MAX 64
#define SCENE_EVENTS_MAX 4096
#define SCENE_NONE SIZE_MAX

struct scene {
    const struct options *options; /* borrowed */
    struct rng rng;
    enum plant_kind kind;
    uint32_t number; /* of the thing, from 0 */
    uint32_t user;   /* who logs in here */
    struct event *events;
    size_t count;
    size_t visits[SCENE_VISITS_MAX]; /* the first event of each */
    size_t visit_count;
    int64_t at_us;
    struct event visitor; /* what the events of this visit have in common */
    size_t filled_at;     /* the first thing that was put into the cart, or SCENE_NONE */
    size_t left_at;       /* the last event before the cart was left alone, or SCENE_NONE */
    size_t settled_at;    /* the event that settled it, or SCENE_NONE */
};

void scene_init(struct scene *scene, enum plant_kind kind, uint32_t number,
                const struct options *options);
void scene_release(struct scene *scene);

/* Somebody comes, under a session_id of their own, not logged in. Sources and devices as numbered
 * by the catalog. */
void scene_visit(struct scene *scene, uint8_t source, uint8_t device);

/* Time goes by: from least to most milliseconds. */
void scene_wait(struct scene *scene, int32_t least_ms, int32_t most_ms);

/* The visitor does that now; a product where there is one. Returns the number of the event. */
size_t scene_do(struct scene *scene, enum event_type type, uint32_t product);

/* The events that follow carry the user's id, or do not. */
void scene_log_in(struct scene *scene);
void scene_log_out(struct scene *scene);

/* A product at random, and a number from 0 to bound - 1. */
uint32_t scene_product(struct scene *scene);
uint32_t scene_below(struct scene *scene, uint32_t bound);

/* The first event with a known user, or the first of all. */
size_t scene_known(const struct scene *scene);

/* A member of one of the events as its line has it, as JSON. Returns the end. */
char *scene_print_member(char *out, const struct scene *scene, size_t at, enum member_id id);

/* Puts the scene into a run of so long, at random, where none of its purchases meets an outage.
 * False when there is no room. */
bool scene_place(struct scene *scene, int64_t duration_us);

static inline int64_t scene_length_us(const struct scene *scene)
{
    return scene->events[scene->count - 1].time_us - scene->events[0].time_us;
}

#endif
