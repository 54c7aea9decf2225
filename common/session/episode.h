/*
 * episode.h - the carts of an id one after the other, and what becomes of each.
 *
 * An episode begins with an addition, and ends with a purchase, with its cart emptied (basket.h),
 * or when its id is forgotten. Events are taken in the order of their turns (turns.h), so an id is
 * a small machine of which only the current state is kept. What happens in between follows from
 * silence alone: an id whose last event is more than after ago has abandoned its cart, one whose
 * last event is more than until ago has let it expire, and one silent for longer than forget is
 * forgotten. Each of these comes at one microsecond, after the events of that time; how far the
 * watermark moves at once makes no difference.
 *
 * What came late is taken at its turn, and judged by its time: a purchase buys what was put in by
 * then, and what is put in by the time of a purchase that is known is bought already; it cannot
 * have been a return if it was before the alert.
 *
 * Memory: 128 bytes an id, and its name, user, page and cart in pieces of a slab.
 */
#ifndef CS_EPISODE_H
#define CS_EPISODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/roster.h"
#include "base/slab.h"
#include "base/timer.h"
#include "session/basket.h"
#include "session/turns.h"

enum episode_state {
    EPISODE_NONE, /* nothing in the cart */
    EPISODE_OPEN, /* and nothing more is known */
    EPISODE_ABANDONED,
    EPISODE_RETURNED,
    EPISODE_EXPIRED,
    /* These are ends, and told once: */
    EPISODE_RECOVERED,
    EPISODE_EMPTIED,
};

/* What has brought a state. */
enum episode_reason { BY_SILENCE, BY_EVENT, BY_PURCHASE, BY_REMOVAL, BY_LATE_EVENT };

enum episode_step { STEP_ADD_TO_CART, STEP_CHECKOUT_START, STEP_PURCHASE };

struct episode_rule {
    int64_t after_us, until_us, forget_us; /* as in cart.h */
};

/* An episode has come to a state. What is borrowed is good until the call returns. */
struct episode_change {
    enum episode_state state;
    enum episode_reason reason;
    enum episode_step step; /* the furthest */
    int64_t moment_us;      /* when that is so */
    int64_t time_us;        /* of what has brought it: an event, or the end of a silence */
    int64_t last_us;        /* the id's last event */
    int64_t start_us;       /* of the episode, which no other one of the id has */
    int64_t alert_us;       /* when it was abandoned first; INT64_MIN: never */
    uint32_t add_to_carts;
    struct slice name;
    struct value user, page;     /* the last ones, or null */
    const struct basket *basket; /* what is in it; of one recovered, what was bought */
};

typedef void episode_tell(void *context, const struct episode_change *change);

struct episodes {
    struct episode_rule rule;
    int64_t watermark_us; /* of the last episodes_advance; INT64_MIN before */
    struct turns turns;
    struct roster ids;
    struct pool pool;
    struct slab texts;
    struct timer timer; /* when each id is to be looked at */
    struct basket basket;
    struct buffer scratch;
    uint64_t cut; /* carts that had more put in than a basket keeps */
    episode_tell *tell;
    void *context;
};

/* tell is called for each change, of one id in their order. */
void episodes_init(struct episodes *episodes, const struct episode_rule *rule, episode_tell *tell,
                   void *context);
void episodes_release(struct episodes *episodes);

/* How many ids are held. */
static inline size_t episodes_count(const struct episodes *episodes)
{
    return episodes->ids.count;
}

/* Takes an event that is not late (episodes_late): it waits for its turn. */
static inline void episodes_add(struct episodes *episodes, const struct deed *deed)
{
    turns_add(&episodes->turns, deed);
}

/* Is an event so late that its id would be forgotten if it were its only one? */
static inline bool episodes_late(const struct episodes *episodes, int64_t time_us,
                                 int64_t watermark_us)
{
    return time_us < watermark_us && time_us + episodes->rule.forget_us < watermark_us;
}

/* The watermark is there: tells what has changed before it. */
void episodes_advance(struct episodes *episodes, int64_t watermark_us);

/* No event will come for a while: what came late, and when the watermark was where it is now, has
 * its turn. Or none will come any more: is_end, what came at the watermark, too. */
void episodes_settle(struct episodes *episodes, bool is_end);

/* Tells of each episode that has not ended, as abandoned, in no order: nothing is left. at_us: all
 * events up to that time have been taken. */
void episodes_finish(struct episodes *episodes, int64_t at_us);

/* The same bytes for the same ids. Loading wants ids that are not there; false: invalid. */
void episodes_save(struct episodes *episodes, struct buffer *out);
bool episodes_load(struct episodes *episodes, struct unpack *in);

#endif
