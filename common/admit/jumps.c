#include "admit/jumps.h"

#include "base/instant.h"

void jumps_clear(struct jumps *jumps)
{
    *jumps = (struct jumps){.least_us = INT64_MAX, .first_us = INT64_MAX, .second_us = INT64_MAX};
}

static void least_note(struct jumps *jumps, int64_t time_us)
{
    if (time_us < jumps->least_us) jumps->least_us = time_us;
}

void jumps_held(struct jumps *jumps, bool is_first, int64_t time_us)
{
    if (is_first)
        jumps->first_us = time_us;
    else
        least_note(jumps, time_us);
}

void jumps_judged(struct jumps *jumps, bool was_first, bool was_right, int64_t time_us)
{
    jumps->refused += !was_right;
    if (was_first) {
        jumps->second_us = time_us;
        jumps->first_refused = !was_right;
    } else if (was_right) {
        least_note(jumps, time_us);
    }
}

bool jumps_fit(const struct jumps *jumps, int64_t largest_us, int64_t jump_us)
{
    if (jump_us == 0 || largest_us == TIME_NONE) return true;
    if (jumps->least_us != INT64_MAX && jumps->least_us - largest_us <= jump_us) return false;
    if (jumps->first_us == INT64_MAX || jumps->second_us == INT64_MAX) return true;
    const bool first_is_ahead = jumps->first_us - largest_us > jump_us;
    const bool second_is_ahead = jumps->second_us - largest_us > jump_us;
    const bool refuses = first_is_ahead && !second_is_ahead;
    return refuses == jumps->first_refused;
}

void jumps_pack(const struct jumps *jumps, struct buffer *out)
{
    pack_i64(out, jumps->least_us);
    pack_i64(out, jumps->first_us);
    pack_i64(out, jumps->second_us);
    pack_u8(out, jumps->first_refused);
    pack_u64(out, jumps->refused);
}

struct jumps jumps_unpack(struct unpack *in)
{
    struct jumps jumps;
    jumps.least_us = unpack_i64(in);
    jumps.first_us = unpack_i64(in);
    jumps.second_us = unpack_i64(in);
    jumps.first_refused = unpack_u8(in) != 0;
    jumps.refused = unpack_u64(in);
    return jumps;
}
