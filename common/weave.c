#include "weave.h"

#include "timeline.h"

static void place_note(struct weave *weave, const struct rows *rows,
                       const struct weave_place *place)
{
    pack_u64(&weave->places, rows_position(rows));
    pack_i64(&weave->places, place->last_us);
    pack_i64(&weave->places, place->start_us);
    pack_text(&weave->places, place->name);
}

static void place_next(struct weave *weave)
{
    if (weave->in.at == weave->in.end) {
        weave->next_at = weave->passed + weave->rows.len;
        return;
    }
    weave->next_at = unpack_u64(&weave->in);
    weave->next.last_us = unpack_i64(&weave->in);
    weave->next.start_us = unpack_i64(&weave->in);
    weave->next.name = unpack_text(&weave->in);
}

/* Lets the rows through that stand before the first that has to wait. */
static void rows_let(struct weave *weave, struct rows *rows)
{
    const size_t len = weave->next_at - weave->passed;

    if (len == 0) return;
    rows_pass(rows, (struct slice){.text = weave->rows.text, .len = len});
    weave->rows.text += len;
    weave->rows.len -= len;
    weave->passed += len;
}

static bool is_before(const struct weave_place *a, const struct weave_place *b)
{
    if (a->last_us != b->last_us) return a->last_us < b->last_us;
    const int order = timeline_name_compare(a->name, b->name);
    return order != 0 ? order < 0 : a->start_us < b->start_us;
}

void weave_place(struct weave *weave, struct rows *rows, const struct weave_place *place)
{
    if (weave->noting) place_note(weave, rows, place);
    if (weave->rows.len == 0) return;
    while (weave->next_at < weave->passed + weave->rows.len && is_before(&weave->next, place))
        place_next(weave);
    rows_let(weave, rows);
}

void weave_save(struct weave *weave, struct buffer *out)
{
    pack_u64(out, weave->places.len);
    buffer_add_slice(out, buffer_slice(&weave->places));
}

bool weave_begin(struct weave *weave, struct slice rows, struct unpack *in)
{
    const uint64_t len = unpack_u64(in);

    if (in->broken || len > (uint64_t)(in->end - in->at)) return false;
    *weave = (struct weave){.rows = rows, .in = {.at = in->at, .end = in->at + len}};
    in->at += len;
    place_next(weave);
    return true;
}

void weave_end(struct weave *weave, struct rows *rows)
{
    weave->next_at = weave->passed + weave->rows.len;
    rows_let(weave, rows);
}
