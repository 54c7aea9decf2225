/*
 * nearest.h - of several names, the one that somebody may have meant who wrote another.
 *
 * How far two names are apart is counted in slips of the keyboard: a character too many, too few or
 * wrong, or two that changed places (Damerau 1964, as the optimal string alignment). Case, and what
 * stands between words (_ - . and blanks), do not count, so sessionId is session_id. One in three
 * characters, three at most, may be a slip; beyond that, a name is near some of whose words are
 * what was written (price: unit_price), or that is a word of it (event_type: type), or else the
 * only one with a word of it that says something (session_id: user_session). Of other equals the
 * first offered is taken.
 *
 *     struct nearest nearest;
 *     nearest_begin(&nearest, SLICE("trafic_source"));
 *     nearest_offer(&nearest, SLICE("traffic_source"));
 *     if (nearest.name.text != NULL) ... did you mean nearest.name?
 *
 * Names are borrowed.
 */
#ifndef CS_NEAREST_H
#define CS_NEAREST_H

#include <stdbool.h>

#include "base/slice.h"

#define NEAREST_NAME_MAX 64 /* longer names are near to none */

struct nearest {
    struct slice name;  /* text NULL: none of those offered is near */
    int apart;          /* slips; what is near by a word only counts as more than all slips */
    struct slice whole; /* wanted, as it is written */
    char wanted[NEAREST_NAME_MAX];
    int len;      /* of wanted, without case and without what stands between words */
    bool several; /* have no more in common than a word */
};

void nearest_begin(struct nearest *nearest, struct slice wanted);
void nearest_offer(struct nearest *nearest, struct slice name);

/* The nearest of "a|b|c"; text NULL: none. */
struct slice nearest_word(struct slice wanted, const char *words);

/* Is that one of the name's words, as they stand in created_at, createdAt or "Created at"? */
bool nearest_has_word(struct slice name, struct slice word);

/* Are both the same but for case and what stands between words? */
bool nearest_same(struct slice a, struct slice b);

#endif
