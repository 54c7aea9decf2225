#include "session/weave.h"

#include "session/name.h"

#define FIRST (sizeof(((struct weave_place *)NULL)->first) / sizeof(int64_t))

static int place_compare(const struct weave_place *a, const struct weave_place *b)
{
    for (size_t i = 0; i < FIRST; i++)
        if (a->first[i] != b->first[i]) return a->first[i] < b->first[i] ? -1 : 1;
    const int order = name_compare(a->name, b->name);
    return order != 0 ? order : (a->last > b->last) - (a->last < b->last);
}

static void place_note(struct weave *weave, const struct border *border, const struct rows *rows,
                       const struct weave_place *place)
{
    if (weave->is_past) return;
    if (border_is_past(border, place->first[0])) {
        weave->is_past = true;
        weave->noted = rows_position(rows);
        return;
    }
    pack_u64(&weave->places, rows_position(rows));
    for (size_t i = 0; i < FIRST; i++)
        pack_i64(&weave->places, place->first[i]);
    pack_text(&weave->places, place->name);
    pack_i64(&weave->places, place->last);
}

static void place_next(struct weave *weave)
{
    if (weave->in.at == weave->in.end) {
        weave->next_at = weave->end;
        return;
    }
    weave->next_at = unpack_u64(&weave->in);
    for (size_t i = 0; i < FIRST; i++)
        weave->next.first[i] = unpack_i64(&weave->in);
    weave->next.name = unpack_text(&weave->in);
    weave->next.last = unpack_i64(&weave->in);
}

/* Lets the rows through that stand before the first that has to wait. */
static void rows_let(struct weave *weave, struct rows *rows)
{
    if (weave->next_at == weave->passed) return; /* there may be no text */
    rows_pass_mapped(rows, (struct slice){.text = weave->rows.text + weave->passed,
                                          .len = weave->next_at - weave->passed});
    weave->passed = weave->next_at;
}

void weave_row(struct weave *weave, const struct border *border, struct rows *rows,
               const struct weave_place *place)
{
    if (border->is_range) {
        place_note(weave, border, rows, place);
        return;
    }
    if (weave->passed == weave->end) return;
    while (weave->next_at < weave->end && place_compare(&weave->next, place) < 0)
        place_next(weave);
    rows_let(weave, rows);
}

void weave_save(const struct weave *weave, struct buffer *out)
{
    pack_u64(out, weave->places.len);
    pack_u8(out, weave->is_past);
    pack_u64(out, weave->noted);
    buffer_add_slice(out, buffer_slice(&weave->places));
}

bool weave_begin(struct weave *weave, struct slice rows, struct unpack *in)
{
    const uint64_t len = unpack_u64(in);
    const bool is_past = unpack_u8(in) != 0;
    const uint64_t noted = unpack_u64(in);

    if (in->broken || len > (uint64_t)(in->end - in->at) || noted > rows.len) return false;
    *weave = (struct weave){
        .rows = rows, .in = {.at = in->at, .end = in->at + len}, .end = is_past ? noted : rows.len};
    in->at += len;
    place_next(weave);
    return true;
}

void weave_end(struct weave *weave, struct rows *rows)
{
    weave->next_at = weave->rows.len;
    rows_let(weave, rows);
    *weave = (struct weave){0};
}

void weave_release(struct weave *weave)
{
    buffer_release(&weave->places);
}
