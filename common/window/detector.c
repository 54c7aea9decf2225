#include "window/detector.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"
#include "window/detector_inside.h"

struct detector *detector_new(struct run *run)
{
    struct detector *detector = memory_zero(1, sizeof *detector);
    run->own = detector;
    detector->run = run;
    detector->operand.slot = -1;
    detector->swept_us = INT64_MIN;
    group_by_init(&detector->by);
    aggregates_init(&detector->aggregates);
    baseline_init(&detector->baseline);
    return detector;
}

static void members_describe(const struct detector *detector, struct rows *rows)
{
    rows_describe(rows, detector->value, COLUMN_NUMBER, SLICE("what is watched"));
    rows_describe(rows, detector->average, COLUMN_NUMBER, SLICE("what is usual"));
    rows_describe(rows, detector->percent, COLUMN_NUMBER,
                  SLICE("how far the one is from the other"));
    rows_describe(rows, detector->alert, COLUMN_TRUTH, SLICE("is that too far?"));
    rows_describe(rows, detector->direction, COLUMN_TEXT, SLICE("up, down or new"));
    rows_describe(rows, detector->partial, COLUMN_TRUTH,
                  SLICE("the input has ended in the window"));
    if (!detector->show_incidents) return;
    rows_describe(rows, detector->state, COLUMN_TEXT, SLICE("start, ongoing or end"));
    rows_describe(rows, detector->incident_start, COLUMN_TIME, SLICE("of the incident"));
    rows_describe(rows, detector->peak, COLUMN_NUMBER, SLICE("its largest deviation"));
    rows_describe(rows, detector->lasted, COLUMN_COUNT, SLICE("how many it has lasted"));
    /* Where only incidents are shown, the end of one takes the place of its start. */
    if (detector->show_all) return;
    rows_key(rows, detector->heading.start, false);
    rows_key(rows, detector->heading.end, false);
    rows_key(rows, detector->incident_start, true);
}

bool detector_begin(struct detector *detector, const struct detector_request *request,
                    struct buffer *why)
{
    struct rows *rows = detector->run->rows;
    if (detector->aggregates.count != 0 && !aggregates_is_number(&detector->aggregates, 0)) {
        buffer_printf(why, "--value: '%s': that is no number, which is compared with its average",
                      detector->aggregates.item[0].text);
        return false;
    }
    detector->size_us = request->size_us;
    detector->usual = request->usual;
    detector->rules = request->rules;
    detector->show_all = request->show_all;
    detector->show_incidents = request->show_incidents;
    detector->span_us = usual_span_us(&detector->usual);
    detector->span_windows = (detector->span_us - 1) / detector->size_us;
    detector->empty_is_0 = detector->aggregates.count > 0 &&
                           aggregates_measure(&detector->aggregates, 0) != MEASURE_STATE;
    if (!detector_parts_init(detector, why)) return false;
    windows_init(&detector->windows, detector->run, &detector->by, &detector->aggregates,
                 request->size_us, request->size_us, 0);
    if (detector->parts.prints) {
        detector_parts_declare(detector, request->value, why);
        return why->len == 0;
    }
    heading_declare(&detector->heading, rows, &detector->by, false, why);
    detector->value = rows_declare(rows, request->value, why);
    detector->average = rows_declare(rows, request->average, why);
    detector->percent = rows_declare(rows, SLICE("pct_deviation"), why);
    detector->alert = rows_declare(rows, SLICE("alert"), why);
    detector->direction = rows_declare(rows, SLICE("direction"), why);
    if (detector->show_incidents) {
        detector->state = rows_declare(rows, SLICE("state"), why);
        detector->incident_start = rows_declare(rows, SLICE("incident_start"), why);
        detector->peak = rows_declare(rows, SLICE("peak"), why);
        detector->lasted = rows_declare(rows, SLICE("windows"), why);
    }
    detector->partial = rows_declare(rows, SLICE("partial"), why);
    members_describe(detector, rows);
    return why->len == 0;
}

bool detector_counts(const struct detector *detector)
{
    return detector->aggregates.count > 0 &&
           aggregates_measure(&detector->aggregates, 0) == MEASURE_COUNT;
}

void detector_release(struct run *run)
{
    struct detector *detector = run->own;
    baseline_release(&detector->baseline);
    windows_release(&detector->windows);
    operand_release(&detector->operand);
    aggregates_release(&detector->aggregates);
    group_by_release(&detector->by);
    buffer_release(&detector->key);
    buffer_release(&detector->kept);
    detector_parts_release(&detector->parts);
    free(detector->list);
    free(detector);
    run->own = NULL;
}

void keys_count(struct detector *detector)
{
    detector->run->counters.keys = detector->windows.keys + detector->baseline.table.count;
}

static void decimal_value(struct rows *rows, int member, bool present, decimal number)
{
    if (present)
        rows_decimal(rows, member, number);
    else
        rows_null(rows, member);
}

static void direction_value(struct rows *rows, int member, const struct verdict *verdict)
{
    if (verdict->is_new)
        rows_text(rows, member, SLICE("new"));
    else if (verdict->deviation.percent == 0)
        rows_null(rows, member);
    else
        rows_text(rows, member, verdict->deviation.percent > 0 ? SLICE("up") : SLICE("down"));
}

/* The incident that the window is in or ends. */
static void incident_values(const struct detector *detector, const struct scored *one)
{
    struct rows *rows = detector->run->rows;
    const struct incident *incident = &one->incident;
    if (one->state == INCIDENT_NONE) {
        rows_null(rows, detector->state);
        rows_null(rows, detector->incident_start);
        rows_null(rows, detector->peak);
        rows_null(rows, detector->lasted);
        return;
    }
    rows_text(rows, detector->state, incident_state_name(one->state));
    rows_time(rows, detector->incident_start, incident->start_us);
    decimal_value(rows, detector->peak, percent_printable(incident->peak), incident->peak);
    rows_int(rows, detector->lasted, incident->windows);
}

void scored_print(const struct detector *detector, const struct scored *one)
{
    struct rows *rows = detector->run->rows;
    const struct deviation *deviation = &one->verdict.deviation;

    rows_begin(rows);
    heading_print(&detector->heading, rows, one->start_us, one->end_us, one->series->key);
    decimal_value(rows, detector->value, one->has_value, one->value);
    decimal_value(rows, detector->average, deviation->has_mean, deviation->mean);
    decimal_value(rows, detector->percent, deviation->has_percent, deviation->percent);
    rows_bool(rows, detector->alert, one->verdict.alert);
    direction_value(rows, detector->direction, &one->verdict);
    if (detector->show_incidents) incident_values(detector, one);
    if (one->partial) rows_bool(rows, detector->partial, true);
    rows_end(rows);
}

static void incident_judge(struct scored *one, struct series *series)
{
    const struct incident_window window = {.start_us = one->start_us,
                                           .alert = one->verdict.alert,
                                           .calm = one->verdict.calm,
                                           .missing = !one->has_value,
                                           .percent = one->verdict.deviation.percent};
    if (one->partial)
        one->state = series->incident.windows > 0 ? INCIDENT_ONGOING : INCIDENT_NONE;
    else
        one->state = incident_step(&series->incident, &window);
    one->incident = series->incident;
    if (one->state == INCIDENT_END) incident_clear(&series->incident);
}

/* How many windows there were to compare the value with, and were they enough? */
static void compared_count(struct detector *detector, const struct usual *usual, int64_t needed)
{
    const bool enough = usual->windows >= needed || usual->silent >= needed;

    detector->compared += enough;
    detector->not_compared += !enough;
    detector->needed = needed;
}

void detector_end(struct run *run)
{
    const struct detector *detector = run->own;

    if (detector->compared > 0 || detector->not_compared == 0 || detector->show_all) return;
    message("nothing could be compared: no value had %" PRId64 " windows %s (%s--min-baseline)",
            detector->needed,
            detector->usual.method == USUAL_SEASONAL ? "at its place in the seasons before it"
                                                     : "before it",
            detector->usual.method == USUAL_SEASONAL ? "--season, --seasons, " : "");
}

bool scored_judge(struct detector *detector, struct scored *one, struct series *series,
                  const struct usual_window *window)
{
    const struct usual usual = usual_of(&detector->usual, series, window);
    const int64_t needed =
        verdict_windows(&detector->rules, usual_windows_max(&detector->usual, window->size_us));
    one->verdict = verdict_of(&detector->rules, &usual,
                              one->has_value && !one->partial ? &one->value : NULL, needed);
    if (one->has_value && !one->partial) compared_count(detector, &usual, needed);
    if (detector->show_incidents) incident_judge(one, series);
    if (detector->show_all) return true;
    return detector->show_incidents ? one->state == INCIDENT_START || one->state == INCIDENT_END
                                    : one->verdict.alert;
}

bool value_fits(decimal value)
{
    return value < BASELINE_VALUE_MAX && value > -BASELINE_VALUE_MAX;
}

struct drops drops_new(const struct detector *detector)
{
    return (struct drops){.id = memory_zero(detector->baseline.table.count + 1, sizeof(struct id))};
}

void drops_do(struct detector *detector, struct drops *drops)
{
    for (size_t i = 0; i < drops->count; i++)
        baseline_drop(&detector->baseline, drops->id[i]);
    free(drops->id);
}

/* The state. */

void detector_save(struct run *run, struct buffer *out)
{
    struct detector *detector = run->own;
    pack_u8(out, detector->begun);
    pack_i64(out, detector->next_us);
    baseline_save(&detector->baseline, out);
    windows_save(&detector->windows, out);
    pack_i64(out, detector->run->first_time_us);
    pack_u64(out, detector->kept_count);
    if (detector->kept_count > 0) buffer_add_slice(out, buffer_slice(&detector->kept));
}

bool detector_load(struct run *run, struct unpack *in)
{
    struct detector *detector = run->own;
    const bool begun = unpack_u8(in) != 0;
    const int64_t next_us = unpack_i64(in);
    if (begun && (!detector->begun || next_us > detector->next_us)) {
        detector->begun = true;
        detector->next_us = next_us;
    }
    if (!baseline_load(&detector->baseline, in) || !windows_load(&detector->windows, in))
        return false;
    const int64_t first_time_us = unpack_i64(in);
    if (first_time_us < detector->run->first_time_us) detector->run->first_time_us = first_time_us;
    for (uint64_t kept = unpack_u64(in); kept > 0; kept--)
        if (!windows_load_done(&detector->windows, in)) return false;
    return !in->broken;
}

void detector_explain(struct run *run, struct buffer *out)
{
    const struct detector *detector = run->own;
    group_explain(&detector->by, out);
    aggregates_explain(&detector->aggregates, out);
    buffer_add_literal(out, "alert    ");
    verdict_explain(&detector->rules, &detector->usual, out);
    buffer_add_literal(out, ", ");
    if (detector->operand.text == NULL)
        buffer_printf(
            out, "%lld windows or more\n",
            (long long)verdict_windows(&detector->rules,
                                       usual_windows_max(&detector->usual, detector->size_us)));
    else
        buffer_add_literal(out, "as many rows as --min-baseline says\n");
}
