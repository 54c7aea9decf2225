#include "admit/hold.h"

bool hold_is_right(struct partition *partition, int64_t time_us, int64_t jump_us)
{
    const bool is_right = partition->began ? time_us - partition->largest_us > jump_us
                                           : partition->held_us - time_us <= jump_us;
    jumps_judged(&partition->jumps, !partition->began, is_right, time_us);
    return is_right;
}

void hold_put(struct partition *partition, int64_t time_us, struct slice text,
              const struct origin *origin, struct id id)
{
    jumps_held(&partition->jumps, !partition->began, time_us);
    partition->holding = true;
    partition->held_us = time_us;
    partition->held_id = id;
    partition->held_counted = false;
    partition->held_offset = origin->offset;
    partition->held_line_number = origin->line_number;
    partition->held_input = origin->input;
    buffer_clear(&partition->held);
    buffer_add_slice(&partition->held, text);
}

struct origin hold_origin(struct partition *partition)
{
    return (struct origin){
        .input = (struct input *)(uintptr_t)partition->held_input,
        .raw = buffer_slice(&partition->held),
        .line_number = partition->held_line_number,
        .partition = partition->held_offset < 0 ? -1 : partition->number,
        .offset = partition->held_offset,
    };
}

bool hold_is_copy(const struct partition *partition, struct id id, int64_t time_us, int64_t span_us)
{
    const int64_t apart_us =
        time_us > partition->held_us ? time_us - partition->held_us : partition->held_us - time_us;
    return partition->holding && id_equal(id, partition->held_id) && apart_us <= span_us;
}
