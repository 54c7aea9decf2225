#include "base/held.h"

#include <stdint.h>

struct held held = {.most = SIZE_MAX, .limit = SIZE_MAX};

const char *held_name(enum held_kind kind)
{
    static const char *const names[HELD_KINDS] = {
        [HELD_TEXTS] = "texts at work",
        [HELD_GROUPS] = "groups",
        [HELD_IDS] = "ids counted by distinct",
        [HELD_SESSIONS] = "open sessions or carts",
        [HELD_DORMANT] = "dormant carts",
        [HELD_SERIES] = "baselines",
        [HELD_EVENTS] = "ids of --dedup",
        [HELD_WAITING] = "events in waiting",
        [HELD_PEOPLE] = "ids of people",
        [HELD_PARTITIONS] = "partitions and what --max-jump holds",
        [HELD_ROWS] = "rows in waiting",
    };
    return names[kind];
}
