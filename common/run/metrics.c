#include "run/metrics.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/utf8.h"
#include "writer/output.h"
#include "writer/whole.h"

/* --- labels --- */

const char *metrics_label(struct slice name, struct slice value)
{
    static const char *const ours[] = {"tool", "reason", "partition"};
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char c = (unsigned char)name.text[i];
        if (!isalpha(c) && c != '_' && (i == 0 || !isdigit(c)))
            return "is no name of a label (letters, digits and _, no digit first)";
    }
    if (name.len >= 2 && name.text[0] == '_' && name.text[1] == '_')
        return "is a name of Prometheus' own (it begins with two _)";
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (slice_equal(name, slice_of(ours[i]))) return "is a label of the tools' own";
    return utf8_valid(value) ? NULL : "has a value that is not UTF-8";
}

static void labels_json(const struct list *labels, struct buffer *out)
{
    if (labels->count == 0) return;
    buffer_add_literal(out, ",\"labels\":{");
    for (size_t i = 0; i < labels->count; i++) {
        if (i > 0) buffer_add_char(out, ',');
        json_add_string(out, labels->item[i].name);
        buffer_add_char(out, ':');
        json_add_string(out, labels->item[i].value);
    }
    buffer_add_char(out, '}');
}

/* tool="cs-window",instance="shop", as it stands between braces. */
static void labels_prometheus(const struct metrics *metrics, struct buffer *out)
{
    buffer_printf(out, "tool=\"%s\"", metrics->tool);
    for (size_t i = 0; i < metrics->labels->count; i++) {
        const struct list_item *const item = &metrics->labels->item[i];
        buffer_add_char(out, ',');
        buffer_add_slice(out, item->name);
        buffer_add_literal(out, "=\"");
        for (size_t at = 0; at < item->value.len; at++) {
            const char c = item->value.text[at];
            if (c == '\\' || c == '"') buffer_add_char(out, '\\');
            if (c == '\n')
                buffer_add_literal(out, "\\n");
            else
                buffer_add_char(out, c);
        }
        buffer_add_char(out, '"');
    }
    buffer_add_char(out, '\0');
}

/* --- JSON --- */

static void time_or_null(struct buffer *out, int64_t time_us)
{
    if (time_us < INSTANT_MIN || time_us > INSTANT_MAX) {
        buffer_add_literal(out, "null");
        return;
    }
    instant_print_string(out, time_us);
}

static void metrics_json(const struct metrics *metrics, struct buffer *out)
{
    const struct stats *const stats = metrics->stats;
    struct stats_counter counter;
    buffer_add_literal(out, "{\"tool\":");
    json_add_string(out, slice_of(metrics->tool));
    labels_json(metrics->labels, out);
    for (size_t i = 0; stats_counter(stats, i, &counter); i++)
        buffer_printf(out, ",\"%s\":%llu", counter.name, (unsigned long long)counter.value);
    buffer_add_literal(out, ",\"rejected_by\":{");
    const char *comma = "";
    for (int reason = 1; reason < REASON_COUNT; reason++) {
        if (stats->rejected_by[reason] == 0) continue;
        buffer_printf(out, "%s\"%s\":%llu", comma, reason_name((enum reason)reason),
                      (unsigned long long)stats->rejected_by[reason]);
        comma = ",";
    }
    buffer_add_char(out, '}');
    buffer_add_slice(out, metrics->more);
    buffer_printf(out, ",\"keys\":%llu,\"memory\":%llu,\"bytes\":%llu",
                  (unsigned long long)metrics->keys, (unsigned long long)metrics->memory,
                  (unsigned long long)metrics->bytes);
    buffer_add_literal(out, ",\"event_time\":");
    time_or_null(out, metrics->clock->largest_us);
    buffer_add_literal(out, ",\"watermark\":");
    time_or_null(out, metrics->watermark_us);
    /* An event at t is never late while the watermark is at most t: the largest disorder is
     * lateness enough. */
    buffer_add_literal(out, ",\"largest_disorder\":\"");
    duration_print(out, stats->disorder_us);
    buffer_add_literal(out, "\",\"lateness_enough\":\"");
    duration_print(out, stats->disorder_us);
    buffer_add_literal(out, "\"}\n");
}

/* --- Prometheus --- */

/* A file in the making: every sample has the labels. */
struct exposition {
    struct buffer *out;
    const char *labels;
};

static void family(struct exposition *to, const char *name, const char *help, const char *type)
{
    buffer_printf(to->out, "# HELP clickstream_%s %s\n# TYPE clickstream_%s %s\n", name, help, name,
                  type);
}

static void add_count(struct exposition *to, const char *name, const char *help, uint64_t value)
{
    char total[64];
    (void)snprintf(total, sizeof total, "%s_total", name);
    family(to, total, help, "counter");
    buffer_printf(to->out, "clickstream_%s{%s} %llu\n", total, to->labels,
                  (unsigned long long)value);
}

static void add_gauge(struct exposition *to, const char *name, const char *help, uint64_t value)
{
    family(to, name, help, "gauge");
    buffer_printf(to->out, "clickstream_%s{%s} %llu\n", name, to->labels,
                  (unsigned long long)value);
}

static void add_seconds(struct exposition *to, const char *name, const char *help, int64_t us)
{
    family(to, name, help, "gauge");
    buffer_printf(to->out, "clickstream_%s{%s} %.6f\n", name, to->labels, (double)us / 1e6);
}

/* A moment, seconds since 1970; none is no sample. */
static void add_time(struct exposition *to, const char *name, const char *help, int64_t time_us)
{
    if (time_us >= INSTANT_MIN && time_us <= INSTANT_MAX) add_seconds(to, name, help, time_us);
}

static void add_reasons(struct exposition *to, const struct stats *stats)
{
    family(to, "rejected_by_reason_total", "records refused, by reason", "counter");
    for (int reason = 1; reason < REASON_COUNT; reason++)
        buffer_printf(to->out, "clickstream_rejected_by_reason_total{%s,reason=\"%s\"} %llu\n",
                      to->labels, reason_name((enum reason)reason),
                      (unsigned long long)stats->rejected_by[reason]);
}

/* A tool's own counters, which come as members of JSON. */
static void add_more(struct exposition *to, struct slice more)
{
    if (more.len == 0) return; /* of a slice that may be NULL */
    const char *const end = more.text + more.len;
    for (const char *at = more.text; at < end;) {
        const char *const name = at + 2;
        const int name_len = (int)((const char *)memchr(name, '"', (size_t)(end - name)) - name);
        const char *const number = name + name_len + 2;
        const char *const next = memchr(number, ',', (size_t)(end - number));
        at = next != NULL ? next : end;
        buffer_printf(to->out,
                      "# HELP clickstream_%.*s_total %.*s\n# TYPE clickstream_%.*s_total counter\n",
                      name_len, name, name_len, name, name_len, name);
        buffer_printf(to->out, "clickstream_%.*s_total{%s} %.*s\n", name_len, name, to->labels,
                      (int)(at - number), number);
    }
}

static bool offset_value(const struct metrics *metrics, const struct partition *partition,
                         struct buffer *out)
{
    (void)metrics;
    if (partition->offset < 0) return false;
    buffer_printf(out, "%lld", (long long)partition->offset);
    return true;
}

static bool event_time_value(const struct metrics *metrics, const struct partition *partition,
                             struct buffer *out)
{
    (void)metrics;
    if (partition->largest_us == TIME_NONE) return false;
    buffer_printf(out, "%.6f", (double)partition->largest_us / 1e6);
    return true;
}

static bool watermark_value(const struct metrics *metrics, const struct partition *partition,
                            struct buffer *out)
{
    const int64_t time_us = partition_watermark(metrics->clock, partition);
    if (time_us < INSTANT_MIN || time_us > INSTANT_MAX) return false;
    buffer_printf(out, "%.6f", (double)time_us / 1e6);
    return true;
}

static bool waiting_value(const struct metrics *metrics, const struct partition *partition,
                          struct buffer *out)
{
    (void)metrics;
    buffer_add_char(out, partition->released || partition->ended ? '0' : '1');
    return true;
}

static bool end_value(const struct metrics *metrics, const struct partition *partition,
                      struct buffer *out)
{
    const int64_t end = ends_of(metrics->ends, partition->number);
    if (end < 0) return false;
    buffer_add_int(out, end);
    return true;
}

/* The run may be ahead of what was said of the end; what ends a transaction has an offset, too. */
static bool lag_value(const struct metrics *metrics, const struct partition *partition,
                      struct buffer *out)
{
    const int64_t end = ends_of(metrics->ends, partition->number);
    if (end < 0 || partition->offset < 0) return false;
    buffer_add_int(out, end > partition->offset ? end - partition->offset - 1 : 0);
    return true;
}

static void add_partitions(struct exposition *to, const struct metrics *metrics)
{
    const struct clock *const clock = metrics->clock;
    static const struct {
        const char *name, *help;
        /* Adds what is said of a partition; false: nothing. */
        bool (*value)(const struct metrics *metrics, const struct partition *partition,
                      struct buffer *out);
    } families[] = {
        {"partition_offset", "offset of the last record read, by partition", offset_value},
        {"partition_end_offset", "offset of the next record the topic will get, by partition",
         end_value},
        {"partition_lag", "records of the topic that have not been read, by partition", lag_value},
        {"partition_event_time_seconds",
         "the largest event time, seconds since the epoch, by partition", event_time_value},
        {"partition_watermark_seconds", "the watermark, seconds since the epoch, by partition",
         watermark_value},
        {"partition_waited_for", "1: event time waits for this partition", waiting_value},
    };
    add_gauge(to, "partitions", "partitions known", (uint64_t)clock->known);
    struct buffer value = {0};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        family(to, families[i].name, families[i].help, "gauge");
        for (int at = 0; at < clock->count && at < METRICS_PARTITIONS_MAX; at++) {
            const struct partition *const partition = clock->partition[at];
            buffer_clear(&value);
            if (partition->number < 0 || !families[i].value(metrics, partition, &value)) continue;
            buffer_printf(to->out, "clickstream_%s{%s,partition=\"%lld\"} ", families[i].name,
                          to->labels, (long long)partition->number);
            buffer_add_slice(to->out, buffer_slice(&value));
            buffer_add_char(to->out, '\n');
        }
    }
    buffer_release(&value);
}

void metrics_text(const struct metrics *metrics, struct buffer *out)
{
    struct buffer labels = {0};
    labels_prometheus(metrics, &labels);
    struct exposition to = {.out = out, .labels = labels.data};
    struct stats_counter counter;
    for (size_t i = 0; stats_counter(metrics->stats, i, &counter); i++)
        add_count(&to, counter.name, counter.help, counter.value);
    add_reasons(&to, metrics->stats);
    add_more(&to, metrics->more);
    add_count(&to, "bytes", "bytes read", metrics->bytes);
    add_gauge(&to, "keys", "ids, groups and partitions held", metrics->keys);
    add_gauge(&to, "memory_bytes", "memory held", metrics->memory);
    add_time(&to, "event_time_seconds", "the largest event time, seconds since the epoch",
             metrics->clock->largest_us);
    add_time(&to, "watermark_seconds", "the smallest watermark, seconds since the epoch",
             metrics->watermark_us);
    if (metrics->read_us != 0)
        add_time(&to, "last_read_time_seconds", "when input was read last, seconds since the epoch",
                 metrics->read_us);
    if (metrics->saved_us != 0)
        add_time(&to, "last_save_time_seconds",
                 "when the state was saved last, seconds since the epoch", metrics->saved_us);
    add_seconds(&to, "largest_disorder_seconds",
                "the largest time that an event was behind the newest event of its partition",
                metrics->stats->disorder_us);
    add_seconds(&to, "lateness_enough_seconds",
                "the --lateness with which no event would have been late",
                metrics->stats->disorder_us);
    if (metrics->segments >= 0)
        add_gauge(&to, "segments_waiting", "sealed segments in the spool",
                  (uint64_t)metrics->segments);
    if (metrics->ends->asked_us != 0)
        add_time(&to, "ends_time_seconds",
                 "when the topic was asked for its ends last, seconds since the epoch",
                 metrics->ends->asked_us);
    add_partitions(&to, metrics);
    buffer_release(&labels);
}

/* --- the file --- */

void metrics_render(const struct metrics *metrics, const char *path, struct buffer *out)
{
    const size_t len = path == NULL ? 0 : strlen(path);
    if (len > 5 && strcmp(path + len - 5, ".prom") == 0)
        metrics_text(metrics, out);
    else
        metrics_json(metrics, out);
}

void metrics_write(const struct metrics *metrics, const char *path)
{
    struct buffer text = {0};
    metrics_render(metrics, path, &text);
    if (path != NULL) {
        whole_write(path, buffer_slice(&text));
    } else {
        struct output output = {.name = "standard error", .fd = STDERR_FILENO, .buffer = text};
        output_flush(&output);
        text = output.buffer;
    }
    buffer_release(&text);
}
