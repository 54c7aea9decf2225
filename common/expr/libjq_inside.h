/*
 * libjq_inside.h - what libjq.c, which knows libjq, and libjq_ask.c, which asks it, have in common.
 *
 * A question is: the number of a program (u32), what is asked (enum demand, u8), the JSON text,
 * then how the event differs from it (enum change each, with its operands). An answer is: must it
 * be asked again (u8), the outcome (u8), why it was cut off (u8), does it select (u8), the kind of
 * the value (u8), is there another output behind it (u8), the outputs, the message (texts).
 */
#ifndef CS_LIBJQ_INSIDE_H
#define CS_LIBJQ_INSIDE_H

#include <jq.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "event/event.h"
#include "expr/jq_limits.h"
#include "expr/libjq.h"
#include "expr/outcome.h"
#include "expr/sandbox.h"

/* What one event may cost: about 10 ms. The input's own length is added, since reading it is the
 * least. Steps, bytes and what a regular expression may try are the same on every machine; the
 * clock is for what takes long in few steps. It is so wide that all steps fit into it on a machine
 * of a twentieth of the speed, which then gives the same answers; not where libjq cannot be made
 * to count, and the clock is all there is. */
#define STEPS_MAX 1000000
#define STEPS_PER_BYTE 8
#define BYTES_MAX ((size_t)32 << 20)
#define BYTES_PER_BYTE 16
#define TIME_MAX_US INT64_C(250000)
#define TIME_MAX_UNCOUNTED_US INT64_C(25000)
#define BYTES_PER_TIME_US 10
#define REGEX_TRIES_MAX 1000000 /* steps back, for each search */
#define REGEX_STACK_MAX 1000000

#define PROGRAMS_MAX 1024

/* So much text of values is kept that were asked ahead, of each program: what is longer is asked
 * again. */
#define AHEAD_BYTES_MAX ((size_t)256 << 10)

/* What is asked of a program. */
enum demand {
    DEMAND_SELECTS, /* is any output neither false nor null? */
    DEMAND_VALUE,   /* the first output */
    DEMAND_EACH,    /* every output, as JSON */
};

/* How the event differs from its line: members to be taken out, and to be set. */
enum change { CHANGE_NONE, CHANGE_DELETE, CHANGE_SET };

/* What an answer says. */
struct reply {
    enum sandbox_end end; /* the rest is of an answer only */
    bool again;           /* it has to be asked once more */
    enum outcome outcome;
    enum cutoff cutoff;
    bool selects;
    enum kind kind;
    bool several;          /* the value is the first of several */
    struct slice out, why; /* in shared memory: until the next question */
};

struct libjq {
    char *text;
    jq_state *state;
    struct jq_limits *limits;
    int number;           /* in programs */
    struct buffer output; /* the text of the last value */
    int cut_off;
    /* What was asked ahead, in order, and which of it was taken last: that may be taken again. */
    struct {
        const struct event *ev;   /* NULL: it has to be asked again; */
        size_t json_at, json_len; /* or what was asked about, in ahead_json; len 0: the same */
        struct reply reply;
        size_t out_at; /* where its output stands in ahead_text, and behind it the message */
    } ahead[LIBJQ_AHEAD_MAX];
    enum demand ahead_demand;
    size_t ahead_count, ahead_next;
    struct buffer ahead_text, ahead_json;
};

/* All programs there are. The sandbox has those that were there when it was started. */
extern struct libjq *libjq_programs[PROGRAMS_MAX];
extern bool libjq_programs_changed;

/* By program: it is to be run to its end, though its first outputs would do. Shared with the
 * workers. */
extern bool *libjq_drains;

/* In a worker: answers a question. */
void libjq_serve(struct sandbox_job *work);

#endif
