#include "base/id.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xxhash.h>
#pragma GCC diagnostic pop

#define ID_SEED                                                                                    \
    UINT64_C(0x636c69636b7374) /* "clickst": part of the state format, never changes               \
                                */

static struct id id_from(XXH128_hash_t hash)
{
    /* 0 means "no id" to the tables. */
    return (struct id){.low = hash.low64 | (uint64_t)((hash.low64 | hash.high64) == 0),
                       .high = hash.high64};
}

struct id id_of(struct slice text)
{
    return id_from(XXH3_128bits_withSeed(text.text, text.len, ID_SEED));
}

struct id id_mix(struct id a, struct id b)
{
    const uint64_t words[4] = {a.low, a.high, b.low, b.high};
    return id_from(XXH3_128bits_withSeed(words, sizeof words, ID_SEED));
}
