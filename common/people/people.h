/*
 * people.h - who has done it: events come in, and go out in order of time with the person behind
 * each.
 *
 * The person of an event is the first of these that there is:
 *
 *     its known id
 *     for each of its anonymous ids, in the order of the options:
 *         the known id that is named next together with this one, at most hold_us later
 *         the one that was named last together with it, at most links.horizon_us earlier
 *     its first anonymous id itself
 *
 * An event goes out when the watermark is past its time and hold_us: nothing that comes can change
 * it any more. It is late when it is behind the watermark of its partition; so what has gone out is
 * never wrong, whatever the order in which events came. Where it waits, that is its place
 * (waiting.h); what is known so far stands in it, with a rank: 2 i for what the i-th anonymous id
 * has been named next, 2 i + 1 for last. Events that may still get a better one hang on the
 * anonymous id, the oldest first, and the next identification takes them all off.
 */
#ifndef CS_PEOPLE_H
#define CS_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/pack.h"
#include "event/event.h"
#include "event/schema.h"
#include "base/junk.h"
#include "people/links.h"
#include "people/names.h"
#include "people/rate.h"
#include "people/waiting.h"
#include "raw/agent.h"
#include "writer/rows.h"

#define PEOPLE_IDS_MAX 8

struct people_counts {
    uint64_t identified;    /* events whose person is a known id */
    uint64_t earlier;       /* of them, those that were named later */
    uint64_t anonymous;     /* events whose person is an anonymous id */
    uint64_t nobody;        /* events without a person */
    uint64_t junk_ids;      /* ids that identify nobody */
    uint64_t changed_known; /* identifications that named somebody else than the one before */
    uint64_t bots_rate, bots_agent; /* events marked */
};

/* As options say. */
struct people_options {
    const struct option_list *anonymous; /* members; none: session_id */
    const char *known;
    int64_t hold_us, horizon_us; /* INT64_MAX: for ever */
    bool keeps_texts;            /* for linkfile.h */
    const struct option_list *junk;
    uint32_t bots_most; /* 0: nobody looks */
    int64_t bots_span_us;
    bool bot_agents;
    const char *lists; /* or NULL */
    const char *time_field;
};

struct people {
    int64_t hold_us; /* INT64_MAX: to the end */
    int known_slot;
    int anonymous_slot[PEOPLE_IDS_MAX];
    int anonymous_count;
    int person_slot;
    int bot_slot;              /* -1: nobody looks for bots */
    int agent_slot;            /* -1: not by user agent */
    int kept_slot[SCHEMA_MAX]; /* members whose values rows_raw_end wants */
    int kept_count;
    bool has_extras; /* events keep more than their line: a key, a list of agents */
    struct rows *rows;
    const struct schema *schema;

    struct agents agents; /* where agent_slot is one */
    struct junk junk;
    struct names names;
    struct rate rate; /* most 0: bots are not known by their rate */
    struct links links;
    struct waiting waiting;
    struct people_counts counts;

    /* Its own. */
    struct id member[PEOPLE_IDS_MAX]; /* what an anonymous id is mixed with */
    int64_t printed_us;               /* the time of the event that went out last */
    struct buffer keys, agent;
    struct value shown[SCHEMA_MAX];
    struct event shown_event;
};

/* Asks for members; anything wrong is die_usage. schema and rows are borrowed. */
void people_init(struct people *people, const struct people_options *options, struct schema *schema,
                 struct rows *rows);
void people_release(struct people *people);

/* Brings near what people_event will want. */
void people_hint(struct people *people, struct event *ev);

/* False: it is late. */
bool people_event(struct people *people, const struct event *ev);

/* An identification that no event of this run makes: known of the anonymous id of the i-th member.
 */
void people_identify(struct people *people, int member, struct slice anonymous, struct slice known,
                     int64_t time_us);

/* The smallest watermark: what can go out goes out. */
void people_advance(struct people *people, int64_t watermark_us);

/* All goes out. */
void people_finish(struct people *people);

void people_save(struct people *people, struct buffer *out);

/* In place of all that there is. False: invalid. */
bool people_load(struct people *people, struct unpack *in);

/* Further members of --stats, and lines of --explain. */
void people_stats(const struct people *people, struct buffer *out);
void people_explain(const struct people *people, struct buffer *out);

/* All is set: for the first event. */
void people_begin(struct people *people);

/* For people_state.c: an event of the queue waits for what its ids are named next. */
void people_wait(struct people *people, uint32_t number);

#define RANK_NONE 255

#endif
