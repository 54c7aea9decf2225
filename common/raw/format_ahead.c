/* --map: libjq is asked about the records that are there together, not about one at a time. */
#include "raw/format_inside.h"

/* What the map will be asked about is what it is asked about later, byte for byte, by the same way:
 * so nothing depends on whether it was asked ahead. */

/* So many bytes of records at once: more would only wait in memory. */
#define AHEAD_BYTES ((size_t)256 << 10)

void gathering_add(struct gathering *gathering, struct slice json)
{
    if (gathering->count == MAP_AHEAD_MAX) return;
    buffer_add_slice(&gathering->text, json);
    gathering->end[gathering->count++] = gathering->text.len;
}

/* Is all known that rows need, so that to look at a record changes nothing? */
static bool is_settled(const struct reading *reading)
{
    switch (reading->kind) {
    case FORMAT_NDJSON:
    case FORMAT_COMBINED:
    case FORMAT_LOG:
    case FORMAT_XFF: return true;
    case FORMAT_CSV:
    case FORMAT_TSV: return reading->columns.known;
    default: return false;
    }
}

static void emit_nothing(void *context, struct slice json, struct outline *outline)
{
    (void)context;
    (void)json;
    (void)outline;
}

static void gathering_ask(const struct gathering *gathering, struct map_program *map)
{
    struct slice jsons[MAP_AHEAD_MAX];
    size_t from = 0;
    for (size_t i = 0; i < gathering->count; i++) {
        jsons[i] =
            (struct slice){.text = gathering->text.data + from, .len = gathering->end[i] - from};
        from = gathering->end[i];
    }
    map_ahead(map, jsons, gathering->count);
}

const char *format_ahead(void *self, const char *data, const char *end, bool final)
{
    struct reading *const reading = self;
    struct format *const format = reading->format;
    struct gathering gathering = {0};
    struct buffer detail = {0};
    const uint64_t repaired = format->repair.repaired;
    const char *at = data;

    if (!is_settled(reading)) return data;
    format->gathering = &gathering;
    while (at < end && gathering.count < MAP_AHEAD_MAX && (size_t)(at - data) < AHEAD_BYTES) {
        bool header = false;
        const char *const behind = format_split(reading, at, end, final);
        if (behind == NULL || (size_t)(behind - at) > LINE_MAX_BYTES) break;
        const struct slice record = {.text = at, .len = (size_t)(behind - at)};
        buffer_clear(&detail);
        (void)format_translate(reading, record, emit_nothing, NULL, &header, &detail);
        at = behind;
    }
    format->gathering = NULL;
    format->repair.repaired = repaired;
    if (gathering.count > 1) gathering_ask(&gathering, format->map);
    buffer_release(&detail);
    buffer_release(&gathering.text);
    return at;
}
