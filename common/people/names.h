/*
 * names.h - known ids as texts, each kept once for all that refer to it.
 *
 * One person may be behind many anonymous ids, and behind many events that wait. They have a
 * number; the text goes when the last of them has let go of it.
 */
#ifndef CS_NAMES_H
#define CS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/roster.h"
#include "base/slab.h"
#include "base/slice.h"

#define NAME_NONE POOL_NONE

struct name {
    struct id id;
    char *text;
    uint32_t len;
    uint32_t users;
    bool plain; /* no byte of it is written with an escape */
} __attribute__((aligned(64)));

struct names {
    struct pool pool; /* struct name */
    struct roster roster;
    struct slab texts;
};

void names_init(struct names *names);
void names_release(struct names *names);

/* The number of a text, with one user more: whoever asked. */
uint32_t names_take(struct names *names, struct slice text);

static inline struct name *names_at(const struct names *names, uint32_t number)
{
    return pool_at(&names->pool, number, sizeof(struct name));
}

/* One user more of one that has some. NAME_NONE: nothing. */
static inline uint32_t names_share(struct names *names, uint32_t number)
{
    if (number != NAME_NONE) names_at(names, number)->users++;
    return number;
}

/* Asks for the memory of one that is going to be looked at: itself, then its text. NAME_NONE:
 * nothing. */
MEMORY_HINT void names_prefetch(const struct names *names, uint32_t number, bool text)
{
    if (number == NAME_NONE) return;
    __builtin_prefetch(text ? (const void *)names_at(names, number)->text
                            : (const void *)names_at(names, number));
}

/* names_take will be asked for a text: asks for where its record would be found, and, once that has
 * come, for the record. */
MEMORY_HINT uint32_t names_hint(const struct names *names, struct slice text)
{
    const uint32_t hash = roster_hash(&names->roster, id_of(text));
    roster_prefetch(&names->roster, hash);
    return hash;
}

MEMORY_HINT void names_hint_record(const struct names *names, uint32_t hash)
{
    names_prefetch(names, roster_guess(&names->roster, hash), false);
}

/* One user less. NAME_NONE: nothing. */
void names_drop(struct names *names, uint32_t number);

static inline struct slice names_text(const struct names *names, uint32_t number)
{
    const struct name *name = names_at(names, number);
    return (struct slice){.text = name->text, .len = name->len};
}

#endif
