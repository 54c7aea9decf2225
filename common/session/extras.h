/*
 * extras.h - what stretches keep of their events only where a field asks for it: sums, the track,
 * and the account.
 *
 * They stand in the cells of a block (parts.h), behind the counters: the sums, each SUM_BYTES, the
 * track's TRACK_BYTES, and the address of the account. So each has its place, and what nobody asked
 * for takes no room, and no time but one look at kept->extras_bytes.
 */
#ifndef CS_EXTRAS_H
#define CS_EXTRAS_H

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slab.h"
#include "session/kept.h"
#include "session/sums.h"
#include "session/account.h"
#include "session/track.h"

/* How many bytes they take. */
uint32_t extras_measure(const struct kept *kept);

/* Where the track stands in extras that have one. */
static inline size_t extras_track_at(const struct kept *kept)
{
    return (size_t)kept->sums * SUM_BYTES;
}

/* Likewise the account's address. */
static inline size_t extras_account_at(const struct kept *kept)
{
    return extras_track_at(kept) + (kept->has_track ? TRACK_BYTES : 0);
}

static inline struct account *extras_account(const struct kept *kept, const char *at)
{
    struct account *account;

    memcpy(&account, at + extras_account_at(kept), sizeof account);
    return account;
}

static inline struct track *extras_track(const struct kept *kept, char *at)
{
    return track_at(at + extras_track_at(kept));
}

/* Adds an event to the extras at `at`. */
void extras_learn(const struct kept *kept, struct slab *slab, char *at, const struct click *click);

/* Adds those of another stretch, of which none are left. */
void extras_join(const struct kept *kept, struct slab *slab, char *at, char *more);

/* Before they are looked at or packed; and at their end. */
void extras_settle(const struct kept *kept, struct slab *slab, char *at);
void extras_release(const struct kept *kept, struct slab *slab, char *at);

/* What lies outside the cells. The bytes in the cells are packed by the owner; here those that are
 * addresses are made zeroes in the copy of the cells, and filled in again. */
void extras_pack(const struct kept *kept, const char *at, char *copy, struct buffer *out);
void extras_unpack(const struct kept *kept, struct slab *slab, char *at, struct unpack *in);

#endif
