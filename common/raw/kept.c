#include "raw/kept.h"

#include "source/frame.h"

void kept_flush(struct kept *kept, struct rows *rows)
{
    if (kept->events.len == 0) return;
    frame_print(rows_raw_begin(rows), kept->partition, kept->offset, buffer_slice(&kept->events));
    rows_raw_end(rows, NULL, NULL);
    buffer_clear(&kept->events);
}

struct buffer *kept_event(struct kept *kept, struct rows *rows, int64_t partition, int64_t offset)
{
    if (partition != kept->partition || offset != kept->offset) kept_flush(kept, rows);
    kept->partition = partition;
    kept->offset = offset;
    if (kept->events.len != 0) buffer_add_char(&kept->events, '\n');
    return &kept->events;
}

void kept_release(struct kept *kept)
{
    buffer_release(&kept->events);
}
