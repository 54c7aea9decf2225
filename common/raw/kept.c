#include "raw/kept.h"

#include "source/frame.h"

static void bare_print(const struct kept *kept, struct rows *rows, bool is_end)
{
    struct buffer text = {0};
    frame_print_bare(&text, kept->partition, kept->offset, is_end);
    buffer_add_char(&text, '\n');
    rows_pass(rows, buffer_slice(&text)); /* it is no row, and is not counted */
    buffer_release(&text);
}

void kept_passed(struct kept *kept, struct rows *rows, int64_t partition, int64_t offset,
                 bool is_end)
{
    const bool has_event = kept->events.len != 0;
    if (has_event && partition == kept->partition && offset == kept->offset + 1 && !is_end) return;
    if (has_event || partition != kept->partition) kept_flush(kept, rows);
    kept->partition = partition;
    kept->offset = offset;
    kept->is_past = !is_end;
    if (is_end) bare_print(kept, rows, true);
}

void kept_flush(struct kept *kept, struct rows *rows)
{
    if (kept->is_past) bare_print(kept, rows, false);
    kept->is_past = false;
    if (kept->events.len == 0) return;
    frame_print(rows_raw_begin(rows), kept->partition, kept->offset, buffer_slice(&kept->events));
    rows_raw_end(rows, NULL, NULL);
    buffer_clear(&kept->events);
}

struct buffer *kept_event(struct kept *kept, struct rows *rows, int64_t partition, int64_t offset)
{
    if (kept->is_past || partition != kept->partition || offset != kept->offset)
        kept_flush(kept, rows);
    kept->partition = partition;
    kept->offset = offset;
    if (kept->events.len != 0) buffer_add_char(&kept->events, '\n');
    return &kept->events;
}

void kept_release(struct kept *kept)
{
    buffer_release(&kept->events);
}
