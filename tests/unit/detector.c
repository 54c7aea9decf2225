/* detector.c - windows far from the mean of those before them; two detectors in one process. */
#include "window/detector.h"

#include "tap.h"

#define MINUTE INT64_C(60000000)

struct process {
    struct run run;
    struct output output;
};

static bool begin(struct process *process, decimal threshold)
{
    static const struct rows_options options = {0};
    const struct detector_request request = {
        .value = SLICE("n"),
        .average = SLICE("avg_n"),
        .size_us = MINUTE,
        .usual = {.baseline_us = 5 * MINUTE},
        .rules = {.threshold = threshold, .min_baseline = 1},
    };
    struct buffer why = {0};
    const char *wrong;
    *process = (struct process){
        .run = {.first_time_us = INT64_MAX, .end_time_us = INT64_MIN},
        .output = {.fd = -1},
    };
    schema_init(&process->run.schema);
    process->run.rows = rows_new(&process->output, &options, &wrong);
    struct detector *detector = detector_new(&process->run);
    const bool good =
        aggregates_add(&detector->aggregates, "n=count", &process->run.schema, &why) &&
        aggregates_complete(&detector->aggregates, &why) &&
        detector_begin(detector, &request, &why);
    buffer_release(&why);
    return good;
}

/* So many events in that minute, and then event time is there. */
static void minute_add(struct process *process, int minute, int events)
{
    struct value value[SCHEMA_MAX] = {0};
    struct event ev = {.time_us = minute * MINUTE, .watermark_us = minute * MINUTE, .value = value};
    for (int i = 0; i < SCHEMA_MAX; i++)
        value[i] = VALUE_NULL;
    if (ev.time_us < process->run.first_time_us) process->run.first_time_us = ev.time_us;
    process->run.end_time_us = ev.time_us;
    for (int i = 0; i < events; i++)
        (void)detector_of_events.event(&process->run, &ev);
    detector_of_events.advance(&process->run, ev.time_us);
}

static void end(struct process *process)
{
    detector_release(&process->run);
    rows_free(process->run.rows);
    schema_release(&process->run.schema);
    buffer_release(&process->output.buffer);
}

int main(void)
{
    static const int counts[] = {4, 4, 4, 9, 4};
    struct process strict, lax;
    ok(begin(&strict, 50 * DECIMAL_ONE), "one detector alerts above 50 per cent");
    ok(begin(&lax, 200 * DECIMAL_ONE), "another one above 200");
    for (int i = 0; i < 5; i++) {
        minute_add(&strict, i, counts[i]);
        minute_add(&lax, i, counts[i]);
    }
    is_text(buffer_slice(&strict.output.buffer),
            "{\"window_start\":\"1970-01-01T00:03:00.000Z\",\"window_end\":\"1970-01-01T00:04:00."
            "000Z\",\"n\":9,\"avg_n\":4,\"pct_deviation\":125,\"alert\":true,\"direction\":\"up\"}"
            "\n",
            "an alert is a window far from the mean of those before");
    is_int((int64_t)lax.output.buffer.len, 0, "how far is each detector's own");
    struct buffer state = {0};
    detector_of_events.save(&strict.run, &state);
    end(&strict);
    ok(begin(&strict, 50 * DECIMAL_ONE), "a detector begins anew");
    struct unpack in = {.at = state.data, .end = state.data + state.len};
    ok(detector_of_events.load(&strict.run, &in) && in.at == in.end, "with the state of another");
    minute_add(&strict, 5, 0);
    minute_add(&strict, 6, 0);
    is_text(buffer_slice(&strict.output.buffer),
            "{\"window_start\":\"1970-01-01T00:05:00.000Z\",\"window_end\":\"1970-01-01T00:06:00."
            "000Z\",\"n\":0,\"avg_n\":5.25,\"pct_deviation\":-100,\"alert\":true,\"direction\":"
            "\"down\"}\n",
            "and with its past");
    buffer_release(&state);
    end(&strict);
    end(&lax);
    return plan();
}
