/* report.c - rows of windows, from two reports in one process that know nothing of each other. */
#include "window/report.h"

#include "tap.h"

#define SECOND INT64_C(1000000)

/* A run whose rows stay in output. */
struct process {
    struct run run;
    struct output output;
};

static bool begin(struct process *process, const char *by, const char *aggregate, int64_t size_us)
{
    static const struct rows_options options = {0};
    const char *by_texts[] = {by}, *aggregate_texts[] = {aggregate};
    const struct option_list groups = {.text = by_texts, .count = 1};
    const struct option_list aggregates = {.text = aggregate_texts, .count = 1};
    const struct report_request request = {
        .by = &groups,
        .aggregates = &aggregates,
        .option = "--agg",
        .size_us = size_us,
        .slide_us = size_us,
    };
    struct buffer why = {0};
    const char *wrong;
    *process = (struct process){.output = {.fd = -1}};
    schema_init(&process->run.schema);
    process->run.rows = rows_new(&process->output, &options, &wrong);
    const bool good = report_init(&process->run, &request, &why);
    buffer_release(&why);
    return good;
}

static void end(struct process *process)
{
    report_release(&process->run);
    rows_free(process->run.rows);
    schema_release(&process->run.schema);
    buffer_release(&process->output.buffer);
}

static void event_add(struct process *process, int64_t time_us, const char *source)
{
    struct value value[SCHEMA_MAX] = {0};
    char text[16 + VALUE_PADDING] = {0};
    struct event ev = {.time_us = time_us, .watermark_us = INT64_MIN, .value = value};
    for (int i = 0; i < SCHEMA_MAX; i++)
        value[i] = VALUE_NULL;
    strcpy(text, source);
    value[SLOT_TRAFFIC_SOURCE] = value_string(slice_of(text));
    const struct analysis *analysis = report_analysis(&process->run);
    analysis->hint(&process->run, &ev);
    is_int(analysis->event(&process->run, &ev), FATE_USED, "an event is used");
}

int main(void)
{
    struct process sources, all;
    ok(begin(&sources, "traffic_source", "n=count", 10 * SECOND), "one report groups by source");
    ok(begin(&all, "", "last=last(traffic_source)", 5 * SECOND), "another one does not");
    event_add(&sources, 1 * SECOND, "b");
    event_add(&all, 1 * SECOND, "b");
    event_add(&sources, 6 * SECOND, "a");
    event_add(&all, 6 * SECOND, "a");
    event_add(&sources, 7 * SECOND, "b");
    event_add(&all, 7 * SECOND, "c");
    is_int((int64_t)sources.run.counters.keys, 2, "two groups are held");
    is_int((int64_t)all.run.counters.keys, 2, "in the other, one in each of two windows");
    report_analysis(&all.run)->advance(&all.run, 9 * SECOND);
    report_analysis(&sources.run)->advance(&sources.run, 9 * SECOND);
    is_int((int64_t)sources.output.buffer.len, 0, "what is open is not printed");
    is_text(buffer_slice(&all.output.buffer),
            "{\"window_start\":\"1970-01-01T00:00:00.000Z\",\"window_end\":\"1970-01-01T00:00:05."
            "000Z\",\"last\":\"b\"}\n",
            "what is closed is");
    report_analysis(&sources.run)->finish(&sources.run);
    is_int(sources.run.finished_us, 10 * SECOND, "at the end event time is where windows end");
    is_text(buffer_slice(&sources.output.buffer),
            "{\"window_start\":\"1970-01-01T00:00:00.000Z\",\"window_end\":\"1970-01-01T00:00:10."
            "000Z\",\"traffic_source\":\"a\",\"n\":1}\n"
            "{\"window_start\":\"1970-01-01T00:00:00.000Z\",\"window_end\":\"1970-01-01T00:00:10."
            "000Z\",\"traffic_source\":\"b\",\"n\":2}\n",
            "each report has its own rows");
    end(&sources);
    is_int((int64_t)all.run.counters.keys, 1, "one report goes, the other stays");
    end(&all);
    return plan();
}
