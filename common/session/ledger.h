/*
 * ledger.h - how many sessions each id has had, as far as that is remembered.
 *
 * A session that begins at most remember after the last event of the id's session before has the
 * next number; any other has number 1. So a number depends on nothing but the sessions themselves,
 * and when an id is forgotten is a matter of room only. It may be once the watermark is past its
 * last event + remember + gap, unless the id has a session open: what comes later than that, or is
 * not late, begins too late for the rule. Ids that may be forgotten are swept out when as many have
 * gathered as had to stay, unless all are known to be too young for that.
 *
 * Most sessions are of an id that nobody has heard of for a day or ever, and nothing that is
 * remembered is near. So what is looked into has eight bytes an id (roster.h), and the records
 * stand one behind the other: new ones are written in order.
 */
#ifndef CS_LEDGER_H
#define CS_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/roster.h"
#include "session/session.h"

struct ledger {
    struct roster ids;
    struct pool pool; /* a record each */
    int64_t remember_us;
    size_t sweep_at;   /* so many ids are worth a look at all */
    int64_t oldest_us; /* no id's last session ended before that */
};

void ledger_init(struct ledger *ledger, int64_t remember_us);
void ledger_release(struct ledger *ledger);

static inline size_t ledger_count(const struct ledger *ledger)
{
    return ledger->ids.count;
}

/* The number of this one will be asked for soon. */
MEMORY_HINT void ledger_hint(const struct ledger *ledger, const struct stretch *stretch)
{
    roster_prefetch(&ledger->ids, roster_hash(&ledger->ids, timeline_stretch_id(stretch)));
}

/* The number of a session that is complete: of an id they come in the order of time. sessions: of
 * which it is one. */
uint32_t ledger_number(struct ledger *ledger, const struct sessions *sessions,
                       const struct stretch *stretch);

/* The same of one that is open: nothing is remembered of it. */
uint32_t ledger_number_open(const struct ledger *ledger, const struct sessions *sessions,
                            const struct stretch *stretch);

/* Forgets every id that may be forgotten: what is left depends on nothing but the sessions. */
void ledger_sweep(struct ledger *ledger, const struct sessions *sessions);

/* The same bytes for the same sessions. Loading adds; false: invalid. */
void ledger_save(const struct ledger *ledger, const struct sessions *sessions, struct buffer *out);
bool ledger_load(struct ledger *ledger, struct unpack *in);

#endif
