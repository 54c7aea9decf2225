/*
 * Rows of cs-window or cs-funnel: each is compared with those of its group before it.
 */
#include "base/instant.h"
#include "window/detector_inside.h"

/* Rows that ended so long before the watermark are late. */
#define ROW_LATE_US (INT64_C(7) * 24 * 60 * 60 * 1000000)

bool detector_rows(struct detector *detector, struct slice operand, struct buffer *why)
{
    struct schema *schema = &detector->run->schema;
    if (!operand_compile(&detector->operand, operand, schema, why)) return false;
    detector->end_slot = schema_need(schema, SLICE("window_end"));
    detector->final_slot = schema_need(schema, SLICE("final"));
    if (detector->end_slot >= 0 && detector->final_slot >= 0) return true;
    buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    return false;
}

/* Scores one row of the group with that key; says whether it came in time. */
static enum fate row_score(struct detector *detector, struct slice key, struct scored one,
                           int64_t watermark_us)
{
    if (watermark_us > INSTANT_MIN && one.end_us <= watermark_us - ROW_LATE_US) return FATE_LATE;
    if (!one.has_value) return FATE_USED;
    struct series *series = baseline_series(&detector->baseline, id_of(key), key);
    if (one.start_us <= series->last_start_us || one.end_us <= series->last_end_us)
        return FATE_LATE;

    const struct usual_window window = {.end_us = one.end_us, .size_us = one.end_us - one.start_us};
    series_forget(series, one.end_us - detector->span_us);
    one.series = series;
    if (scored_judge(detector, &one, series, &window)) scored_print(detector, &one);
    series_add(series, (struct past){.end_us = one.end_us, .value = one.value});
    series->last_start_us = one.start_us;
    series->last_end_us = one.end_us;
    return FATE_USED;
}

/* Forgets groups that no row still in time can be compared with. At fixed points of event time, so
 * that what is left does not depend on how often this is called. */
static void rows_sweep(struct detector *detector, int64_t watermark_us)
{
    if (watermark_us < INSTANT_MIN) return;
    const int64_t at_us = watermark_us - watermark_us % detector->span_us;
    if (at_us <= detector->swept_us) return;
    detector->swept_us = at_us;
    struct drops drops = drops_new(detector);
    const struct series_entry *entry = NULL;
    while ((entry = table_next(&detector->baseline.table, entry)) != NULL)
        if (entry->series->last_end_us <= at_us - ROW_LATE_US - detector->span_us)
            drops.id[drops.count++] = entry->id;
    drops_do(detector, &drops);
}

/* The analysis. */

static bool row_end(const struct detector *detector, const struct event *ev, int64_t *end_us)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    return instant_parse(event_value(ev, detector->end_slot), &format, end_us) &&
           *end_us > ev->time_us;
}

static enum reason row_amend(struct run *run, struct event *ev)
{
    const struct detector *detector = run->own;
    int64_t end_us;
    if (row_end(detector, ev, &end_us)) return REASON_NONE;
    return event_value(ev, detector->end_slot).kind == KIND_NULL ? REASON_NO_TIME : REASON_BAD_TIME;
}

/* The row was printed while its window was open: the one that closes it counts. */
static bool is_passing(const struct detector *detector, const struct event *ev)
{
    return event_value(ev, detector->final_slot).kind == KIND_FALSE;
}

static void row_ahead(struct run *run, const struct event *const *events, size_t count)
{
    struct detector *detector = run->own;
    const struct event *scored[EXPR_AHEAD_MAX];
    size_t scored_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_passing(detector, events[i])) scored[scored_count++] = events[i];
    operand_ahead(&detector->operand, scored, scored_count);
    group_ahead(&detector->by, scored, scored_count);
}

/* The row's value. False: it has none that can be scored, which is noted. */
static bool row_value(const struct detector *detector, const struct event *ev, decimal *out)
{
    struct run *const run = detector->run;
    const struct value value = operand_value(&detector->operand, ev);
    const bool is_number = value.kind == KIND_NUMBER;
    if (value.kind == KIND_NULL) return false;
    if (is_number && decimal_parse(value_slice(value), out) && value_fits(*out)) return true;
    ++*(is_number ? &run->counters.too_large : &run->counters.not_numbers);
    misnumber_note(&run->misnumbers, is_number ? MISNUMBER_SCORE : MISNUMBER_OTHER,
                   slice_of(detector->operand.text), value);
    return false;
}

static enum fate row_event(struct run *run, const struct event *ev)
{
    struct detector *detector = run->own;
    struct scored one = {.start_us = ev->time_us};
    if (is_passing(detector, ev)) return FATE_FILTERED;
    (void)row_end(detector, ev, &one.end_us); /* has been looked at */
    one.has_value = row_value(detector, ev, &one.value);
    group_key(&detector->by, ev, &detector->key);
    const enum fate fate = row_score(detector, buffer_slice(&detector->key), one, ev->watermark_us);
    keys_count(detector);
    return fate;
}

static void row_advance(struct run *run, int64_t watermark_us)
{
    struct detector *detector = run->own;
    rows_sweep(detector, watermark_us);
    keys_count(detector);
}

static void row_explain(struct run *run, struct buffer *out)
{
    const struct detector *detector = run->own;
    detector_explain(run, out);
    buffer_add_literal(out, "value    ");
    operand_explain(&detector->operand, out);
    buffer_add_char(out, '\n');
}

const struct analysis detector_of_rows = {
    .amend = row_amend,
    .ahead = row_ahead,
    .event = row_event,
    .advance = row_advance,
    .end = detector_end,
    .save = detector_save,
    .load = detector_load,
    .explain = row_explain,
};
