/*
 * checksum_inside.h - one way to reckon a checksum (CHECKSUM_WAY), by what xxhash.h is here: the
 * library, or all of it as text. Included once a way, and so without a guard.
 */
#include <string.h>

#include <xxhash.h>

#include "base/die.h"
#include "run/checksum.h"

static void *way_begin(void)
{
    XXH3_state_t *const state = XXH3_createState();
    if (state == NULL) die("no memory for a checksum");
    XXH3_128bits_reset(state);
    return state;
}

static void way_add(void *state, const char *bytes, size_t len)
{
    XXH3_128bits_update(state, bytes, len);
}

static void way_end(void *state, char *sum)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    memcpy(sum, &canonical, CHECKSUM_BYTES);
}

const struct checksum_way CHECKSUM_WAY = {way_begin, way_add, way_end};
