#include "admit/stats.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/json.h"
#include "writer/output.h"

/* The counters, each declared here and nowhere else, in the order in which they are printed and
 * kept.
 */
static const struct counter {
    const char *name, *help;
    size_t at; /* in struct stats */
} counters[] = {
#define COUNTER(member, text)                                                                      \
    {                                                                                              \
#member, text, offsetof(struct stats, member)                                              \
    }
    COUNTER(read, "records read"),
    COUNTER(duplicate, "records dropped as repeats"),
    COUNTER(rejected, "records refused"),
    COUNTER(filtered, "events that --where did not select"),
    COUNTER(late, "events that came too late to be used"),
    COUNTER(used, "events used"),
    COUNTER(late_windows, "windows already closed for an event that other windows counted"),
    COUNTER(expired, "alerts not printed because they would have come after --until"),
    COUNTER(expression_errors, "events on which an expression failed"),
    COUNTER(not_numbers, "values that are not numbers, skipped by sum and avg"),
    COUNTER(gaps, "offsets missing in the input"),
    COUNTER(rows, "rows printed"),
#undef COUNTER
};
#define COUNTER_COUNT (sizeof counters / sizeof counters[0])

/* One that is a reason's, too; it stands behind the others. */
#define NO_ID_HELP "events without an id"

static uint64_t counter_value(const struct stats *stats, size_t i)
{
    return *(const uint64_t *)(const void *)((const char *)stats + counters[i].at);
}

static void time_or_null(struct buffer *out, int64_t time_us)
{
    if (time_us < INSTANT_MIN || time_us > INSTANT_MAX) {
        buffer_add_literal(out, "null");
        return;
    }
    instant_print_string(out, time_us);
}

void stats_json(const struct stats *stats, const struct stats_moment *moment, struct buffer *out)
{
    buffer_add_literal(out, "{\"tool\":");
    json_add_string(out, slice_of(moment->tool));
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        buffer_printf(out, ",\"%s\":%llu", counters[i].name,
                      (unsigned long long)counter_value(stats, i));
    buffer_printf(out, ",\"no_id\":%llu", (unsigned long long)stats->rejected_by[REASON_NO_ID]);
    buffer_add_literal(out, ",\"rejected_by\":{");
    const char *comma = "";
    for (int reason = 1; reason < REASON_COUNT; reason++) {
        if (stats->rejected_by[reason] == 0) continue;
        buffer_printf(out, "%s\"%s\":%llu", comma, reason_name((enum reason)reason),
                      (unsigned long long)stats->rejected_by[reason]);
        comma = ",";
    }
    buffer_add_char(out, '}');
    buffer_add_slice(out, moment->more);
    buffer_printf(out, ",\"keys\":%llu,\"memory\":%llu,\"bytes\":%llu",
                  (unsigned long long)moment->keys, (unsigned long long)moment->memory,
                  (unsigned long long)moment->bytes);
    buffer_add_literal(out, ",\"event_time\":");
    time_or_null(out, moment->event_time_us);
    buffer_add_literal(out, ",\"watermark\":");
    time_or_null(out, moment->watermark_us);
    /* An event at t is never late while the watermark is at most t: the largest disorder is
     * lateness enough. */
    buffer_add_literal(out, ",\"largest_disorder\":\"");
    duration_print(out, stats->disorder_us);
    buffer_add_literal(out, "\",\"lateness_enough\":\"");
    duration_print(out, stats->disorder_us);
    buffer_add_literal(out, "\"}\n");
}

static void prometheus_head(struct buffer *out, const char *name, const char *suffix,
                            const char *help, const char *type)
{
    buffer_printf(out, "# HELP clickstream_%s%s %s\n# TYPE clickstream_%s%s %s\n", name, suffix,
                  help, name, suffix, type);
}

static void prometheus_counter(struct buffer *out, const char *tool, const char *name,
                               const char *help, uint64_t value)
{
    prometheus_head(out, name, "_total", help, "counter");
    buffer_printf(out, "clickstream_%s_total{tool=\"%s\"} %llu\n", name, tool,
                  (unsigned long long)value);
}

/* A tool's own counters, which come as members of JSON: ,"name":number and so on. */
static void prometheus_more(struct buffer *out, const char *tool, struct slice more)
{
    if (more.len == 0) return; /* of a slice that may be NULL */
    const char *const end = more.text + more.len;
    for (const char *at = more.text; at < end;) {
        const char *const name = at + 2;
        const int name_len = (int)((const char *)memchr(name, '"', (size_t)(end - name)) - name);
        const char *const number = name + name_len + 2;
        const char *const next = memchr(number, ',', (size_t)(end - number));
        at = next != NULL ? next : end;
        buffer_printf(out,
                      "# HELP clickstream_%.*s_total %.*s\n# TYPE clickstream_%.*s_total counter\n",
                      name_len, name, name_len, name, name_len, name);
        buffer_printf(out, "clickstream_%.*s_total{tool=\"%s\"} %.*s\n", name_len, name, tool,
                      (int)(at - number), number);
    }
}

void stats_prometheus(const struct stats *stats, const struct stats_moment *moment,
                      struct buffer *out)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        prometheus_counter(out, moment->tool, counters[i].name, counters[i].help,
                           counter_value(stats, i));
    prometheus_counter(out, moment->tool, "no_id", NO_ID_HELP, stats->rejected_by[REASON_NO_ID]);
    prometheus_head(out, "rejected_by_reason", "_total", "records refused, by reason", "counter");
    for (int reason = 1; reason < REASON_COUNT; reason++)
        buffer_printf(out, "clickstream_rejected_by_reason_total{tool=\"%s\",reason=\"%s\"} %llu\n",
                      moment->tool, reason_name((enum reason)reason),
                      (unsigned long long)stats->rejected_by[reason]);
    prometheus_more(out, moment->tool, moment->more);
    prometheus_head(out, "bytes", "_total", "bytes read", "counter");
    buffer_printf(out, "clickstream_bytes_total{tool=\"%s\"} %llu\n", moment->tool,
                  (unsigned long long)moment->bytes);
    const struct {
        const char *name, *help;
        uint64_t value;
    } gauges[] = {
        {"keys", "ids, groups and partitions held", moment->keys},
        {"memory_bytes", "memory held", moment->memory},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
        prometheus_head(out, gauges[i].name, "", gauges[i].help, "gauge");
        buffer_printf(out, "clickstream_%s{tool=\"%s\"} %llu\n", gauges[i].name, moment->tool,
                      (unsigned long long)gauges[i].value);
    }
    const struct {
        const char *name, *help;
        int64_t time_us;
    } times[] = {
        {"event_time_seconds", "the largest event time, seconds since the epoch",
         moment->event_time_us},
        {"watermark_seconds", "the smallest watermark, seconds since the epoch",
         moment->watermark_us},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (times[i].time_us < INSTANT_MIN || times[i].time_us > INSTANT_MAX) continue;
        prometheus_head(out, times[i].name, "", times[i].help, "gauge");
        buffer_printf(out, "clickstream_%s{tool=\"%s\"} %.6f\n", times[i].name, moment->tool,
                      (double)times[i].time_us / 1e6);
    }
    prometheus_head(out, "largest_disorder_seconds", "",
                    "the largest time that an event was behind the newest event of its partition",
                    "gauge");
    buffer_printf(out, "clickstream_largest_disorder_seconds{tool=\"%s\"} %.6f\n", moment->tool,
                  (double)stats->disorder_us / 1e6);
    prometheus_head(out, "lateness_enough_seconds", "",
                    "the --lateness with which no event would have been late", "gauge");
    buffer_printf(out, "clickstream_lateness_enough_seconds{tool=\"%s\"} %.6f\n", moment->tool,
                  (double)stats->disorder_us / 1e6);
}

void stats_save(const struct stats *stats, struct buffer *out)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        pack_u64(out, counter_value(stats, i));
    for (int reason = 0; reason < REASON_COUNT; reason++)
        pack_u64(out, stats->rejected_by[reason]);
    pack_i64(out, stats->disorder_us);
}

void stats_load(struct stats *stats, struct unpack *in)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        *(uint64_t *)(void *)((char *)stats + counters[i].at) = unpack_u64(in);
    for (int reason = 0; reason < REASON_COUNT; reason++)
        stats->rejected_by[reason] = unpack_u64(in);
    stats->disorder_us = unpack_i64(in);
}

/* A file is written beside path and renamed. A device, a FIFO and a link, as /dev/stdout is one,
 * are written to as they are. */
static bool is_in_place(const char *path)
{
    struct stat stat_now;
    return lstat(path, &stat_now) == 0 && !S_ISREG(stat_now.st_mode);
}

static void new_name(struct buffer *name, const char *path)
{
    buffer_printf(name, "%s.new%c", path, '\0');
}

void stats_check(const char *path)
{
    struct stat stat_now;
    if (stat(path, &stat_now) == 0 && S_ISDIR(stat_now.st_mode)) {
        errno = EISDIR;
        die_errno("%s", path);
    }
    if (is_in_place(path)) return;
    struct buffer name = {0};
    new_name(&name, path);
    if (close(output_create(name.data, 0666)) != 0) die_errno("%s", name.data);
    if (unlink(name.data) != 0) die_errno("%s", name.data);
    buffer_release(&name);
}

static void file_replace(const char *path, struct slice text)
{
    const bool in_place = is_in_place(path);
    struct buffer name = {0};
    struct output output;
    new_name(&name, path);
    if (in_place)
        output_file(&output, path, 0);
    else
        output = (struct output){.name = name.data, .fd = output_create(name.data, 0666)};
    buffer_add_slice(&output.buffer, text);
    output_close(&output);
    if (!in_place && rename(name.data, path) != 0) die_errno("%s", path);
    buffer_release(&name);
}

void stats_put(const struct stats *stats, const struct stats_moment *moment, const char *path)
{
    struct buffer text = {0};
    const size_t len = path == NULL ? 0 : strlen(path);
    if (len > 5 && strcmp(path + len - 5, ".prom") == 0)
        stats_prometheus(stats, moment, &text);
    else
        stats_json(stats, moment, &text);
    if (path != NULL) {
        file_replace(path, buffer_slice(&text));
    } else {
        struct output output = {.name = "standard error", .fd = STDERR_FILENO, .buffer = text};
        output_flush(&output);
        text = output.buffer;
    }
    buffer_release(&text);
}
