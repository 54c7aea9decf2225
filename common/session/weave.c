#include "session/weave.h"

void weave_note(struct weave *weave, const struct rows *rows, const struct session *session)
{
    const struct session_place place = session_place(session->stretch);

    pack_u64(&weave->places, rows_position(rows));
    pack_i64(&weave->places, place.last_us);
    pack_i64(&weave->places, place.start_us);
    pack_text(&weave->places, place.name);
}

static void place_next(struct weave *weave)
{
    if (weave->in.at == weave->in.end) {
        weave->next_at = weave->rows.len;
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
    if (weave->next_at == weave->passed) return; /* there may be no text */
    rows_pass(rows, (struct slice){.text = weave->rows.text + weave->passed,
                                   .len = weave->next_at - weave->passed});
    weave->passed = weave->next_at;
}

void weave_let(struct weave *weave, struct rows *rows, const struct session *session)
{
    if (weave->next_at == weave->rows.len) return;
    const struct session_place place = session_place(session->stretch);
    while (weave->next_at < weave->rows.len && session_place_compare(&weave->next, &place) < 0)
        place_next(weave);
    rows_let(weave, rows);
}

void weave_save(const struct weave *weave, struct buffer *out)
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
    weave->next_at = weave->rows.len;
    rows_let(weave, rows);
    *weave = (struct weave){0};
}

void weave_release(struct weave *weave)
{
    buffer_release(&weave->places);
}
