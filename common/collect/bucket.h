/*
 * bucket.h - --rate: how many requests one address may send.
 *
 * A token bucket for each IPv4 address and each IPv6 /64, which is what one customer has. Kept as
 * the time when the bucket will be full again (the generic cell rate algorithm, ITU-T I.371), so a
 * bucket is one number. The table has a fixed size: an address has eight places, and where all of
 * them are taken, the bucket that is nearest to full goes, which forgives the least. Where an
 * address has its places depends on a secret. Processes that are forked later share the table: what
 * two of them do to one bucket at once may count as one request.
 */
#ifndef CS_BUCKET_H
#define CS_BUCKET_H

#include <stddef.h>
#include <stdint.h>

#include "collect/peer.h"

struct bucket {
    uint64_t key; /* 0: free */
    int64_t full_us;
};

struct buckets {
    int64_t each_us;  /* one request more is allowed after so long; 0: no limit */
    int64_t burst_us; /* as much as may be taken at once, as such a time */
    struct bucket *bucket;
    uint64_t secret[2];
    uint64_t refused;
};

/* Reads `100/10s` or `100/10s,burst=300`. NULL, or the phrase that says what is wrong. */
const char *buckets_parse(const char *text, struct buckets *buckets);

/* The limits are read: makes the table. */
void buckets_open(struct buckets *buckets);

/* One request of that address at that time (steady clock). Returns 0, or in how many microseconds
 * one is allowed. */
int64_t buckets_take(struct buckets *buckets, const struct peer *peer, int64_t now_us);

void buckets_release(struct buckets *buckets);

#endif
