/*
 * witness.h - which of the members that somebody has named some event had, and what events had
 * instead.
 *
 * A member that no event has is null everywhere, and no row says that its name was misspelt. So
 * each name is looked for, in every event, until it is found for the first time: in its slot, or,
 * where it stands inside of another member or is read by libjq, as text between quotes anywhere in
 * the line (schema_watch), which takes as long as scanning it: after many events that is done for
 * some only. What --rename takes has to be a member of the event itself. Mostly all are found in
 * the first events, and from then on nothing is done. While one is not, the names of members of
 * some events are kept, many of the first and ever fewer after that, for whoever says at the end of
 * the run what might have been meant; those of events that were refused for want of a member, too,
 * and those inside of other members with the way to them. What texts the members have is looked at
 * in the same way (vocabulary.h). So is whether a member that is read under another name stands
 * beside one that has this name already, or gets it, too.
 */
#ifndef CS_WITNESS_H
#define CS_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/pack.h"
#include "event/event.h"
#include "event/reason.h"
#include "event/vocabulary.h"

#define WITNESS_NAMES_MAX 256

struct witness_name {
    struct slice name;
    struct slice path; /* .context.name: it was met inside of other members alone, there first */
    bool time;         /* its value could be the time of an event */
};

struct witness {
    const struct schema *schema;
    uint64_t slots;   /* bit per slot looked for, and not met yet */
    uint64_t watched; /* bit per schema->watch, the same */
    uint64_t looked;  /* events looked at, those refused included */
    uint64_t read;    /* of these, lines in which watched names were looked for */
    uint64_t next;    /* take names again when it has come here */
    uint64_t rivals;  /* bit per schema->alias: no line met yet with another one of its new name */
    uint64_t beside;  /* the same, met beside that name itself: the one that stands last counts */
    uint64_t twins;   /* or beside an earlier one that is read as the same, and one value is lost */
    uint64_t paired;  /* events looked at for these */
    struct arena text;
    struct witness_name name[WITNESS_NAMES_MAX];
    size_t names;
    struct vocabulary vocabulary; /* the same of texts that members are compared with */
};

/* Looks for these slots, and for all that the schema, which is borrowed, watches. */
void witness_begin(struct witness *witness, const struct schema *schema, uint64_t slots);
void witness_release(struct witness *witness);

/* Are the names of members that events have still wanted? */
static inline bool witness_wants_names(const struct witness *witness)
{
    return (witness->slots | witness->watched) != 0;
}

/* Is there still something to look for? */
static inline bool witness_open(const struct witness *witness)
{
    return witness_wants_names(witness) || witness->rivals != 0 ||
           vocabulary_open(&witness->vocabulary);
}

/* The name as it was taken, or NULL. */
const struct witness_name *witness_find(const struct witness *witness, struct slice name);

/* Looks at events that have just been scanned, with those results. */
void witness_look(struct witness *witness, struct event *const *events, const enum reason *reasons,
                  size_t count);

/* An event with that line, an object, was refused for want of a member. */
void witness_refused(struct witness *witness, struct slice line);

/* How far it has come; and back to there, as if nothing had been looked at since. */
struct witness_place {
    uint64_t slots, watched, looked, read, next, rivals, beside, twins, paired;
    size_t names;
    struct vocabulary_place vocabulary;
};
struct witness_place witness_place(const struct witness *witness);
void witness_return(struct witness *witness, const struct witness_place *place);

/* What another process of the run has seen is added: the one packs it, the other takes it. */
void witness_pack(const struct witness *witness, struct buffer *out);
void witness_add(struct witness *witness, struct unpack *in);

#endif
