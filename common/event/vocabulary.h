/*
 * vocabulary.h - which of the texts that members are compared with some event had, and what events
 * had there instead.
 *
 * A condition on an event type that no event has is false everywhere, and no row says that it was
 * misspelt, or that this shop calls it otherwise. So each text that somebody compares a member with
 * (schema_compare) is waited for, in every event, until one has it. While one has not come, the
 * different values of that member are kept, for whoever says at the end of the run what might have
 * been meant. Those that look new at a glance are taken from any event, all others from many of the
 * first events and from ever fewer after that. Where there are many of them (a search term, a page)
 * they are no words, and only those are kept that are what is waited for but for case and what
 * stands between words.
 */
#ifndef CS_VOCABULARY_H
#define CS_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/pack.h"
#include "event/event.h"
#include "event/reason.h"

#define VOCABULARY_WORDS_MAX 32  /* of one member */
#define VOCABULARY_WORDS_MOST 64 /* with those that are like what is waited for */
#define VOCABULARY_SIGNS 16      /* words of 64 bits */

struct vocabulary_word {
    int slot;
    struct slice text;
};

struct vocabulary {
    const struct schema *schema;
    int slot[SCHEMA_MAX];         /* by schema->text: that of its member, -1: it has none */
    uint64_t waiting;             /* bit per schema->text, not met yet */
    uint64_t slots;               /* bit per slot that one of these is waited for in */
    uint64_t lengths[SCHEMA_MAX]; /* by slot: bit per length of what is waited for */
    uint64_t many;                /* bit per slot that has more words than are kept */
    uint64_t signs[SCHEMA_MAX][VOCABULARY_SIGNS]; /* by slot: bits of texts that are there */
    uint64_t looked, next; /* events looked at; words are taken again when that is here */
    struct arena text;
    struct vocabulary_word *word;
    size_t words;
};

/* Waits for all that the schema, which is borrowed, has noted and whose member has a slot. */
void vocabulary_begin(struct vocabulary *vocabulary, const struct schema *schema);
void vocabulary_release(struct vocabulary *vocabulary);

/* Is there still something to wait for? */
static inline bool vocabulary_open(const struct vocabulary *vocabulary)
{
    return vocabulary->waiting != 0;
}

/* Looks at events that have just been scanned, with those results. */
void vocabulary_look(struct vocabulary *vocabulary, struct event *const *events,
                     const enum reason *reasons, size_t count);

/* How far it has come; and back to there, as if nothing had been looked at since. */
struct vocabulary_place {
    uint64_t waiting, many, looked, next;
    size_t words;
};
struct vocabulary_place vocabulary_place(const struct vocabulary *vocabulary);
void vocabulary_return(struct vocabulary *vocabulary, const struct vocabulary_place *place);

/* What another process of the run has seen is added: the one packs it, the other takes it. */
void vocabulary_pack(const struct vocabulary *vocabulary, struct buffer *out);
void vocabulary_add(struct vocabulary *vocabulary, struct unpack *in);

#endif
