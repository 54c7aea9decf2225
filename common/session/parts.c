#include "session/parts.h"

#include "base/varint.h"
#include "session/action.h"
#include "session/products.h"

void kept_measure(struct kept *kept)
{
    const int counters = 1 + kept->actions - KEPT_COUNTS;

    kept->counters_bytes = counters <= 0 ? 0 : (uint32_t)counters * COUNTER_BYTES;
    kept->extras_bytes = extras_measure(kept);
    kept->cells_bytes = kept->counters_bytes + kept->extras_bytes;
}

void parts_read(struct parts *parts, const struct kept *kept, struct slice block, int64_t start_us)
{
    const char *at = block.text;
    const char *end = at + block.len;

    parts->name = text_read(&at);
    parts->cells = bytes_read(&at, kept->cells_bytes);
    attributes_read(&parts->attributes, kept, &at, start_us);
    parts->products = (struct slice){.text = at, .len = (size_t)(end - at)};
    parts->base_us = start_us;
}

char *parts_write(char *to, const struct parts *parts, const struct kept *kept, int64_t start_us)
{
    to = text_write(to, parts->name);
    to = bytes_write(to, parts->cells);
    return attributes_write(to, &parts->attributes, kept, start_us);
}

/* One varint more, for the time of the first product. */
size_t parts_room(const struct parts *parts, const struct kept *kept)
{
    return parts->name.len + parts->cells.len + attributes_room(&parts->attributes, kept) +
           2 * VARINT_MAX;
}

/* A varint of a block from a file; false: it does not end within it. */
static bool number_whole(const char **at, const char *end, uint64_t *number)
{
    if (!varint_whole(*at, end)) return false;
    *number = varint_read(at);
    return true;
}

bool parts_whole(const struct kept *kept, struct slice block, uint32_t products)
{
    const char *at = block.text;
    const char *end = block.text + block.len;
    uint64_t time, len;

    if (block.len < kept->cells_bytes) return false;
    at += kept->cells_bytes;
    if (!attributes_whole(kept, &at, end)) return false;
    for (uint32_t i = 0; i < products; i++) {
        if (!number_whole(&at, end, &time) || !number_whole(&at, end, &len)) return false;
        if (len > (uint64_t)(end - at)) return false;
        at += len;
    }
    return at == end;
}

struct slice cells_none(const struct kept *kept)
{
    static const char zeros[(1 + ACTIONS_MAX) * COUNTER_BYTES + SUMS_MAX * SUM_BYTES + TRACK_BYTES +
                            sizeof(void *)];

    return (struct slice){.text = zeros, .len = kept->cells_bytes};
}
