#include "planting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "output.h"
#include "plant.h"
#include "record.h"
#include "scene.h"

/* A line of --planted: returns its end, after the newline. */
static char *scene_print(char *out, const struct scene *scene)
{
    const struct plant *plant = &plants[scene->kind];
    out = text_print(out, "{\"kind\":\"");
    out = text_print(out, plant->name);
    out = text_print(out, "\",\"number\":");
    out = number_print(out, scene->number + 1, 1);
    out = text_print(out, ",\"session_ids\":");
    for (size_t i = 0; i < scene->visit_count; i++) {
        *out++ = i ? ',' : '[';
        out = scene_print_member(out, scene, scene->visits[i], MEMBER_SESSION_ID);
    }
    out = text_print(out, "],\"user_id\":");
    out = scene_print_member(out, scene, scene_known(scene), MEMBER_USER_ID);
    out = text_print(out, ",\"first_event_time\":");
    out = scene_print_member(out, scene, 0, MEMBER_EVENT_TIME);
    out = text_print(out, ",\"last_event_time\":");
    out = scene_print_member(out, scene, scene->count - 1, MEMBER_EVENT_TIME);
    out = text_print(out, ",\"events\":");
    out = number_print(out, scene->count, 1);
    out = text_print(out, ",\"tool\":\"");
    out = text_print(out, plant->tool);
    out = text_print(out, "\",\"says\":{");
    out = plant->say(out, scene);
    return text_print(out, "}}\n");
}

static void scene_report(const struct scene *scene, FILE *file)
{
    static char line[LINE_MAX_BYTES];
    if (!file) return;
    const char *end = scene_print(line, scene);
    if (fwrite(line, 1, (size_t)(end - line), file) != (size_t)(end - line))
        die_errno("%s", scene->options->planted);
}

/* Takes the events over. */
static void scene_keep(const struct scene *scene, struct planting *planting, size_t *cap)
{
    if (planting->count + scene->count > *cap) {
        *cap = 2 * (planting->count + scene->count);
        planting->events = realloc(planting->events, *cap * sizeof(planting->events[0]));
        if (!planting->events) die_errno("planting");
    }
    memcpy(planting->events + planting->count, scene->events,
           scene->count * sizeof(scene->events[0]));
    planting->count += scene->count;
}

/* By time; of the same time, by number. */
static int event_compare(const void *left, const void *right)
{
    const struct event *a = left;
    const struct event *b = right;
    if (a->time_us != b->time_us) return a->time_us < b->time_us ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void planting_init(struct planting *planting, const struct options *options, int64_t end_us)
{
    *planting = (struct planting){0};
    size_t cap = 0;
    FILE *file = options->planted ? fopen(options->planted, "w") : NULL;
    if (options->planted && !file) die_errno("%s", options->planted);
    for (int kind = 0; kind < PLANT_KIND_COUNT; kind++) {
        for (uint32_t number = 0; number < options->plants[kind]; number++) {
            struct scene scene;
            scene_init(&scene, (enum plant_kind)kind, number, options);
            plants[kind].play(&scene);
            if (!scene_place(&scene, end_us - options->start_us))
                die_usage("--plant: %s %u takes %lld minutes: no room for it within --duration%s",
                          plants[kind].name, number + 1,
                          (long long)(scene_length_us(&scene) / 60000000 + 1),
                          options->outages.count ? " and beside --outage" : "");
            scene_report(&scene, file);
            scene_keep(&scene, planting, &cap);
            scene_release(&scene);
        }
    }
    if (file && fclose(file) != 0) die_errno("%s", options->planted);
    if (planting->count > 0)
        qsort(planting->events, planting->count, sizeof(planting->events[0]), event_compare);
}

void planting_deliver(struct planting *planting, struct delivery *delivery, int64_t until_us)
{
    while (planting->next < planting->count && planting->events[planting->next].time_us < until_us)
        delivery_take(delivery, &planting->events[planting->next++]);
}

void planting_release(struct planting *planting)
{
    free(planting->events);
}
