/*
 * plant.h - the kinds of things that are put among the traffic so that somebody finds them.
 *
 * One entry a kind: what it is called, how many there are unless somebody says, and the script
 * that plays one of them. A script says what visitors do and how long they take; the scene makes
 * events of it, and from these the entry says what a tool should say.
 */
#ifndef TRAFFIC_PLANT_H
#define TRAFFIC_PLANT_H

#include <stddef.h>
#include <stdint.h>

#define PLANT_MAX 1000 /* of a kind */

enum plant_kind {
    PLANT_BOTS_BY_RATE,
    PLANT_BOTS_BY_AGENT,
    PLANT_LOGINS,
    PLANT_DEVICES,
    PLANT_CARTS_RECOVERED,
    PLANT_CARTS_EMPTIED,
    PLANT_CARTS_BOUGHT_LATER,
    PLANT_PATHS,
    PLANT_KIND_COUNT,
};

struct scene;

struct plant {
    const char *name;
    const char *tool;                                   /* by which it is found */
    uint32_t usual;                                     /* how many without =N */
    void (*play)(struct scene *scene);                  /* makes the events */
    char *(*say)(char *out, const struct scene *scene); /* members of the tool's rows, as JSON */
};

extern const struct plant plants[PLANT_KIND_COUNT];

/* The kind of that name, or PLANT_KIND_COUNT. */
enum plant_kind plant_find(const char *name, size_t len);

#endif
