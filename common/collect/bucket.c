#include "collect/bucket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/duration.h"
#include "base/id.h"

#define WAYS ((size_t)8)
#define SETS ((size_t)1 << 17)
#define TABLE_BYTES (SETS * WAYS * sizeof(struct bucket))

/* A number of requests at the front of text; behind it, or NULL: it is none. */
static const char *count_read(const char *text, int64_t *count)
{
    char *end;
    if (*text < '0' || *text > '9') return NULL;
    *count = strtoll(text, &end, 10);
    return *count < 1 || *count > 1000000000 ? NULL : end;
}

const char *buckets_parse(const char *text, struct buckets *buckets)
{
    static const char what[] = "must be N/DUR or N/DUR,burst=N, as 100/10s,burst=300";
    char duration[64];
    int64_t count, burst, time_us;
    const char *at = count_read(text, &count);
    if (at == NULL || *at != '/') return what;
    const char *const comma = strchrnul(++at, ',');
    if ((size_t)(comma - at) >= sizeof duration) return what;
    memcpy(duration, at, (size_t)(comma - at));
    duration[comma - at] = '\0';
    const char *const why = duration_parse(duration, &time_us);
    if (why != NULL) return why;
    burst = count;
    if (*comma == ',') {
        if (strncmp(comma, ",burst=", 7) != 0) return what;
        at = count_read(comma + 7, &burst);
        if (at == NULL || *at != '\0') return what;
    }
    if (time_us < count) return "allows more than one request a microsecond: leave it out";
    if (time_us > DURATION_MAX / burst) return "is too long a time";
    buckets->each_us = time_us / count;
    buckets->burst_us = time_us / count * burst;
    return NULL;
}

void buckets_open(struct buckets *buckets)
{
    if (buckets->each_us == 0) return;
    buckets->bucket =
        mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (buckets->bucket == MAP_FAILED) die_errno("mmap");
    if (!random_bytes(buckets->secret, sizeof buckets->secret)) die_errno("getrandom");
}

/* Never 0. */
static uint64_t key_of(const struct buckets *buckets, const struct peer *peer)
{
    struct {
        uint64_t secret[2];
        unsigned char bytes[16];
    } text;
    memcpy(text.secret, buckets->secret, sizeof text.secret);
    memcpy(text.bytes, peer->bytes, sizeof text.bytes);
    if (!peer_is_ipv4(peer)) memset(text.bytes + 8, 0, 8);
    const struct id id = id_of((struct slice){.text = (const char *)&text, .len = sizeof text});
    return id.low | (id.low == 0);
}

int64_t buckets_take(struct buckets *buckets, const struct peer *peer, int64_t now_us)
{
    if (buckets->each_us == 0 || peer->is_unix) return 0;
    const uint64_t key = key_of(buckets, peer);
    struct bucket *const set = buckets->bucket + (key >> 32) % SETS * WAYS;
    struct bucket *place = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            place = &set[i];
            break;
        }
        if (set[i].full_us < place->full_us) place = &set[i];
    }
    if (place->key != key) *place = (struct bucket){.key = key, .full_us = now_us};
    const int64_t from_us = place->full_us > now_us ? place->full_us : now_us;
    const int64_t full_us = from_us + buckets->each_us;
    if (full_us - now_us > buckets->burst_us) {
        buckets->refused++;
        return full_us - now_us - buckets->burst_us;
    }
    place->full_us = full_us;
    return 0;
}

void buckets_release(struct buckets *buckets)
{
    if (buckets->bucket != NULL) (void)munmap(buckets->bucket, TABLE_BYTES);
    buckets->bucket = NULL;
}
