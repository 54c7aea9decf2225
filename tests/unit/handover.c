/* handover.c - an event that is passed on arrives as it was. */
#include "run/handover.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tap.h"

#define SLOTS 6

/* Is its line wanted, and is it the record? */
enum line { LINE_NONE, LINE_RAW, LINE_OTHER, LINES };

static bool same(struct value a, struct value b)
{
    return a.kind == b.kind && (a.kind == KIND_NULL || slice_equal(value_slice(a), value_slice(b)));
}

/* Packs an event in which one value has that kind and length, and takes it back; is it the same,
 * with what follows it? */
static bool passes(uint8_t kind, uint32_t len, bool is_behind, enum line line)
{
    static const char readable[2 + VALUE_PADDING] = "s1";
    const struct value first = value_string((struct slice){.text = readable, .len = 2});
    char *text = memory_new(len + VALUE_PADDING);
    memset(text, 'x', len + VALUE_PADDING);
    const struct value one = {.text = text, .len = len, .kind = kind};
    struct value value[SLOTS] = {
        first, VALUE_NULL, one, {.kind = KIND_NULL}, one, value_string(SLICE(""))};
    struct value got[SLOTS] = {0};
    const struct event ev = {
        .time_us = 1,
        .watermark_us = is_behind ? 2 : INT64_MIN,
        .value = value,
        .line = SLICE("{line}"),
        .recast = line == LINE_RAW,
    };
    const struct handover_record record = {
        .input_number = 3, .line = 4, .raw = line == LINE_RAW ? ev.line : SLICE("{raw}")};
    const bool lined = line != LINE_NONE;
    const uint64_t members = 0x3d; /* not the second */
    struct buffer out = {0};

    handover_event(&out, &ev, members, lined, &record);
    handover_event(&out, &ev, members, lined, &record);
    const char *at = out.data;
    bool good = true;
    for (int i = 0; i < 2; i++) {
        const enum handover_kind mark = (enum handover_kind) * at;
        struct event back = {.value = got};
        struct handover_record where = {0};
        good &= mark == (lined ? HANDOVER_LINED : is_behind ? HANDOVER_BEHIND : HANDOVER_EVENT);
        at = handover_take(at + 1, mark, &back, members, &where);
        good &= back.time_us == ev.time_us && back.watermark_us == ev.watermark_us;
        for (int slot = 0; slot < SLOTS; slot++)
            good &= slot == 1 ? got[slot].text == NULL : same(got[slot], value[slot]);
        if (lined || is_behind)
            good &=
                where.input_number == 3 && where.line == 4 && slice_equal(where.raw, record.raw);
        if (lined) good &= slice_equal(back.line, ev.line) && back.recast == ev.recast;
    }
    good &= at == out.data + out.len;
    buffer_release(&out);
    free(text);
    return good;
}

int main(void)
{
    static const uint32_t lens[] = {0, 1, 15, 16, 17, 253, 254, 255, 256, 70000, 16 << 20};
    int wrong = 0;

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        for (uint8_t kind = KIND_NULL; kind <= KIND_OBJECT; kind++)
            for (int line = LINE_NONE; line < LINES; line++)
                wrong += !passes(kind, lens[i], false, line) + !passes(kind, lens[i], true, line);
    is_int(wrong, 0, "values of every kind and any length arrive, and the record of a late event");
    return plan();
}
