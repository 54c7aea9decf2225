#include "session/ladder.h"

#define RUNGS_MAX 8

/* A record as a ladder sees it. */
struct step {
    struct stretch stretch;
    uint32_t next[RUNGS_MAX]; /* for each rung, the next stretch that has it, too */
};

_Static_assert(sizeof(struct step) <= STRETCH_RECORD_BYTES, "rungs are the owner's part");

static struct step *step_at(const struct stretches *stretches, uint32_t number)
{
    return pool_at(&stretches->pool, number, STRETCH_RECORD_BYTES);
}

/* How many rungs a stretch has. The top's id is the secret. */
static int rungs_of(const struct stretches *stretches, uint32_t ladder, uint32_t number)
{
    if (step_at(stretches, number)->stretch.is_owned) return 0;
    const uint64_t mixed =
        (number ^ step_at(stretches, ladder)->stretch.id.low) * UINT64_C(0x9e3779b97f4a7c15);
    return __builtin_ctzll(mixed >> 24 | UINT64_C(1) << (2 * RUNGS_MAX)) / 2;
}

uint32_t ladder_new(struct stretches *stretches, uint64_t secret)
{
    const uint32_t ladder = stretch_take(stretches);
    struct step *top = step_at(stretches, ladder);

    top->stretch.id.low = secret;
    top->stretch.is_owned = true;
    for (int i = 0; i < RUNGS_MAX; i++)
        top->next[i] = POOL_NONE;
    return ladder;
}

void ladder_free(struct stretches *stretches, uint32_t ladder)
{
    stretch_disown(stretches, ladder);
}

/* The last on this rung, from a step on, that starts at time_us or before; that step if none. */
static uint32_t rung_before(const struct stretches *stretches, uint32_t from, int rung,
                            int64_t time_us)
{
    for (;;) {
        const uint32_t next = step_at(stretches, from)->next[rung];
        if (next == POOL_NONE || step_at(stretches, next)->stretch.start_us > time_us) return from;
        from = next;
    }
}

uint32_t ladder_before(const struct stretches *stretches, uint32_t ladder, int64_t time_us)
{
    uint32_t at = ladder;

    for (int rung = RUNGS_MAX - 1; rung >= 0; rung--)
        at = rung_before(stretches, at, rung, time_us);
    return at == ladder ? POOL_NONE : at;
}

void ladder_add(struct stretches *stretches, uint32_t ladder, uint32_t number)
{
    const int rungs = rungs_of(stretches, ladder, number);
    struct step *step = step_at(stretches, number);
    uint32_t at = ladder;

    if (rungs == 0) return;
    for (int rung = RUNGS_MAX - 1; rung >= 0; rung--) {
        at = rung_before(stretches, at, rung, step->stretch.start_us);
        if (rung >= rungs) continue;
        step->next[rung] = step_at(stretches, at)->next[rung];
        step_at(stretches, at)->next[rung] = number;
    }
}

void ladder_remove(struct stretches *stretches, uint32_t ladder, uint32_t number)
{
    const int rungs = rungs_of(stretches, ladder, number);
    const struct step *step = step_at(stretches, number);
    uint32_t at = ladder;

    if (rungs == 0) return;
    for (int rung = RUNGS_MAX - 1; rung >= 0; rung--) {
        /* Those that start at the same time are a few, and come last. */
        at = rung_before(stretches, at, rung, step->stretch.start_us - 1);
        if (rung >= rungs) continue;
        uint32_t before = at;
        while (step_at(stretches, before)->next[rung] != number)
            before = step_at(stretches, before)->next[rung];
        step_at(stretches, before)->next[rung] = step->next[rung];
    }
}
