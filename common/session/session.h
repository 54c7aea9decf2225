/*
 * session.h - sessions: events of one id with no gap longer than allowed, cut where they last too
 * long.
 *
 * Session windows as in Akidau et al., "The Dataflow Model", VLDB 2015: every event is a session of
 * its own, and those within a gap are merged, whatever the order of arrival. Two events a, b of an
 * id, a earlier, are within the gap if b is at most gap after a, and b came before its own
 * partition's watermark was past a + gap: that is the moment at which that partition, alone, would
 * have closed a's session. Sessions are what is connected by this; so they depend neither on how
 * partitions interleave nor on how often sessions_advance is called. The smallest watermark only
 * says when a session is complete: when it is past the last event + gap.
 *
 * A session longer than max is cut: one pass over its events in time order begins a new part at
 * each event that is more than max after the part's first. Where the cuts will be is not known
 * while earlier events may still come; so events are kept in stretches small enough that no cut can
 * fall into one. With f the smallest watermark, events that keep the lateness come at f or after;
 * hence parts that begin before f begin there for good, and a cut can fall only behind the last
 * such part's first event + max, or anywhere after f + max. So nearly always a session is one
 * stretch. An event that does not keep the lateness (it is behind its partition's watermark) but
 * joins a session still open is welcome, unless a part would begin with it, or earlier because of
 * it, and the id has events more than max after that: then it is late, and so is one that belongs
 * to a part already closed.
 *
 * With a gap of INT64_MAX (none) an id has one session, nothing is late, and sessions_finish
 * prints.
 */
#ifndef CS_SESSION_H
#define CS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sort.h"
#include "session/identity.h"
#include "session/timeline.h"

/* A session, or a part of one, that is complete, or is asked for while it goes on. */
struct session {
    const struct stretch *stretch; /* its name: see timeline.h */
    bool newest;                   /* nothing later of this id is open */
    enum session_end end;          /* SESSION_GOES_ON: it is open (sessions_updates) */
};

/* Where its row stands: they come by last event, name, first event. */
struct session_place {
    int64_t last_us, start_us;
    struct slice name;
};

static inline struct session_place session_place(const struct stretch *stretch)
{
    return (struct session_place){
        .last_us = stretch->last_us, .start_us = stretch->start_us, .name = stretch_name(stretch)};
}

/* Negative, 0 or positive. */
int session_place_compare(const struct session_place *a, const struct session_place *b);

struct sessions {
    int64_t gap_us, max_us; /* INT64_MAX: none */
    int64_t watermark_us;   /* what sessions_advance was told last; INT64_MIN before */
    struct timelines timelines;
    struct sort_item *closed; /* the parts that are complete and not printed yet */
    size_t closed_count, closed_cap;
    /* Optional: this one will be printed soon. */
    void (*soon)(const void *context, const struct stretch *stretch);
    const void *soon_context;
};

/* max_us is longer than gap_us + the lateness. */
void sessions_init(struct sessions *sessions, const struct kept *kept, int64_t gap_us,
                   int64_t max_us);
void sessions_release(struct sessions *sessions);

/* Adds an event of an id that has a timeline (timelines_find). False: it is late. */
bool sessions_add(struct sessions *sessions, uint32_t number, const struct click *click);

/* Adds the first event of an id; name is what the id was made of. False: it is late. */
bool sessions_begin(struct sessions *sessions, struct id id, struct slice name,
                    const struct click *click);

/* Where events come in the order of time (lineup.h): the last stretch of an id; NULL: it has none.
 * And adds the next event to it, or begins a part with it; what ended the one before is known. */
const struct stretch *sessions_last(const struct sessions *sessions, struct id id);
void sessions_follow(struct sessions *sessions, struct id id, struct slice name,
                     const struct click *click, enum session_end end);

/* Either of them: number is that of the timeline, or POOL_NONE. */
static inline bool sessions_event(struct sessions *sessions, uint32_t number,
                                  struct identity *identity, const struct event *ev,
                                  const struct click *click)
{
    if (number != POOL_NONE) return sessions_add(sessions, number, click);
    return sessions_begin(sessions, identity_id(ev), identity_name(identity, ev), click);
}

/* Prints what is complete now, in order: calls that follow each other give the order of one. */
void sessions_advance(struct sessions *sessions, int64_t watermark_us,
                      void (*print)(void *context, const struct session *session), void *context);

/* Prints the open sessions that have changed since the last call, as they are now, in the same
 * order; timelines.notes is set from the beginning on. Where any of an id's sessions has changed or
 * was closed, its newest one is printed, too: the last row of an id says what it does now. */
void sessions_updates(struct sessions *sessions,
                      void (*print)(void *context, const struct session *session), void *context);

/* The open sessions of a timeline one after the other: *part is POOL_NONE before the first. */
bool session_next_open(const struct sessions *sessions, uint32_t timeline, uint32_t *part,
                       struct session_place *place);

/* Closes and prints everything. */
void sessions_finish(struct sessions *sessions,
                     void (*print)(void *context, const struct session *session), void *context);

/* The same bytes for the same open sessions. Loading adds to what is there; false: invalid. */
void sessions_save(struct sessions *sessions, struct buffer *out);
bool sessions_load(struct sessions *sessions, struct unpack *in);

#endif
