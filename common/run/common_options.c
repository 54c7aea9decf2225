#include "run/common_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/machine.h"
#include "base/paths.h"
#include "base/size.h"
#include "run/metrics.h"
#include "source/charset.h"

#define RANGES_MOST 100000
#define MEMORY_LEAST (INT64_C(32) << 20)

static struct common_options given = {
    .lateness_us = INT64_C(30) * 1000000,
    .max_ahead_us = INT64_C(3600) * 1000000,
    .max_jump_us = INT64_C(86400) * 1000000,
    .save_every_us = 1000000,
    .updates_us = 1000000,
    .max_keys = 50000000,
    .max_partitions = 10000,
    .jobs = 1,
    .end_us = INT64_MIN,
};

const struct common_options *const options = &given;

static const char *time_unit_set(const char *value)
{
    static const char *const units[] = {
        [UNIT_S] = "s",   [UNIT_MS] = "ms",     [UNIT_US] = "us",
        [UNIT_NS] = "ns", [UNIT_DATE] = "date", [UNIT_EXCEL] = "excel"};
    for (int unit = UNIT_S; unit <= UNIT_EXCEL; unit++) {
        if (strcmp(value, units[unit]) != 0) continue;
        given.time.unit = (enum instant_unit)unit;
        given.time_unit = unit;
        return NULL;
    }
    return "must be s, ms, us, ns, date or excel";
}

static const char *end_set(const char *value)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    static char why[160];
    if (instant_parse(value_string(slice_of(value)), &format, &given.end_us)) return NULL;
    (void)snprintf(why, sizeof why, "'%.100s' is not a time (2026-01-01T00:10:00Z)", value);
    return why;
}

static const char *emit_set(const char *value)
{
    static const char updates[] = "updates";
    const size_t len = sizeof updates - 1;
    if (strcmp(value, "final") == 0) {
        given.emit = given.updates = false;
        return NULL;
    }
    if (strncmp(value, updates, len) != 0 || (value[len] != '\0' && value[len] != ':'))
        return "must be final, updates or updates:DUR";
    given.emit = given.updates = true;
    const char *why =
        value[len] == '\0' ? NULL : duration_parse(value + len + 1, &given.updates_us);
    return why == NULL && given.updates_us == 0 ? "updates need some time between them" : why;
}

static const char *stats_set(const char *value)
{
    given.stats = true;
    given.stats_file = value;
    return NULL;
}

static const char *stats_every_set(const char *value)
{
    const char *const why = duration_parse(value, &given.stats_every_us);
    return why == NULL && given.stats_every_us < 100000 ? "must be 100ms at least" : why;
}

static const char *pad_set(const char *value)
{
    if (value == NULL) {
        given.pad = 1024; /* the block in which kcat -P reads */
        return NULL;
    }
    given.pad = 0;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || given.pad > 100000)
            return "must be a number of newlines, at most 1,000,000";
        given.pad = given.pad * 10 + (*c - '0');
    }
    return NULL;
}

/* The groups of --help are the sections of clickstream(7). A state is bound to options in the order
 * of this table (option_fingerprint): that is why --dedup is not beside the others of its group. */
#define INPUT "Input"
#define WHICH "Which events"
#define TIME "Event time"
#define OUTPUT "Output"
#define STATE "State"
#define WRONG "What went wrong"
#define LIMITS "Memory and processors"
#define INSIDE "Looking inside"

static const char *range_set(const char *value)
{
    char *slash, *end;
    const unsigned long number = strtoul(value, &slash, 10);
    const unsigned long count = *slash == '/' ? strtoul(slash + 1, &end, 10) : 0;
    if (*value < '0' || *value > '9' || *slash != '/' || slash[1] < '0' || slash[1] > '9' ||
        *end != '\0')
        return "must be K/N, as 3/12 is the third of twelve";
    if (count > RANGES_MOST) return "there may be 100,000 ranges at most";
    if (number < 1 || number > count) return "K is 1 to N";
    given.range = (struct option_share){.number = (uint32_t)number, .count = (uint32_t)count};
    return NULL;
}

/* A share of what there is, or a size. */
static const char *max_memory_set(const char *value)
{
    char *end;
    const long percent = strtol(value, &end, 10);
    if (end != value && strcmp(end, "%") == 0) {
        if (percent < 1 || percent > 100) return "a share is 1% to 100%";
        given.max_memory = machine_memory() / 100 * percent;
        return NULL;
    }
    const char *why = size_parse(value, &given.max_memory);
    if (why == NULL && given.max_memory < MEMORY_LEAST)
        return "is too small: the least is 32M, with which one long line can be read";
    return why;
}

static const struct option_row rows[] = {
    {.name = "interleave",
     .group = INPUT,
     .type = OPTION_FLAG,
     .target = &given.interleave,
     .help = "read regular files side by side, each as a partition of its own"},
    {.name = "input",
     .group = INPUT,
     .type = OPTION_CHOICE,
     .target = &given.input,
     .words = "auto|ndjson|kcat|kcat-sized|kcat-json",
     .help = "how records are framed; kcat-sized: PARTITION OFFSET SIZE PAYLOAD"},
    {.name = "encoding",
     .group = INPUT,
     .type = OPTION_TEXT,
     .target = &given.encoding,
     .argument = "NAME",
     .help = "what the text is in: latin1, for example (default UTF-8)"},
    {.name = "partitions",
     .group = INPUT,
     .type = OPTION_TEXT,
     .target = &given.partitions,
     .argument = "LIST",
     .free = true,
     .help = "partitions to expect (0,1,2 or 0-11): event time waits for each of them"},
    {.name = "bind",
     .group = INPUT,
     .type = OPTION_TEXT,
     .target = &given.bind,
     .argument = "[TOPIC:]LIST",
     .free = true,
     .help = "which partition each input brings, one after the other; no other is taken from it"},
    {.name = "kafka-members",
     .group = INPUT,
     .type = OPTION_FLAG,
     .target = &given.kafka_members,
     .help = "each record's key, time and headers as kafka_key, kafka_time, kafka_headers"},
    {.name = "max-partitions",
     .group = LIMITS,
     .type = OPTION_NUMBER,
     .target = &given.max_partitions,
     .argument = "N",
     .least = 1,
     .free = true,
     .help = "bound on partitions that records name (default 10000)"},
    {.name = "where",
     .group = WHICH,
     .letter = 'w',
     .type = OPTION_LIST,
     .target = &given.where,
     .argument = "EXPR",
     .help = "only events for which the jq expression selects; may repeat"},
    {.name = "time-field",
     .group = WHICH,
     .type = OPTION_TEXT,
     .target = &given.time_field,
     .argument = "NAME",
     .help = "the member that holds the time (default event_time)"},
    {.name = "time-unit",
     .group = WHICH,
     .type = OPTION_CALL,
     .call = time_unit_set,
     .target = &given.time_unit,
     .argument = "s|ms|us|ns|date|excel",
     .help = "what times that are numbers are (default: since 1970, by size)"},
    {.name = "assume-utc",
     .group = WHICH,
     .type = OPTION_FLAG,
     .target = &given.assume_utc,
     .help = "times without a zone are UTC"},
    {.name = "tz",
     .group = WHICH,
     .type = OPTION_TEXT,
     .target = &given.tz,
     .argument = "ZONE",
     .help = "times without a zone are of this one: Europe/Berlin"},
    {.name = "number",
     .group = WHICH,
     .type = OPTION_LIST,
     .target = &given.number,
     .argument = "F,...",
     .help = "members that are numbers though the input has them as text"},
    {.name = "decimal-comma",
     .group = WHICH,
     .type = OPTION_FLAG,
     .target = &given.decimal_comma,
     .help = "the members of --number are written 1.234,50"},
    {.name = "lateness",
     .group = TIME,
     .type = OPTION_DURATION,
     .target = &given.lateness_us,
     .argument = "DUR",
     .words = "max",
     .help = "how far out of order events may come (default 30s)"},
    {.name = "idle",
     .group = TIME,
     .type = OPTION_DURATION,
     .target = &given.idle_us,
     .argument = "DUR",
     .help = "after DUR without input, event time goes on with the wall clock"},
    {.name = "end",
     .group = TIME,
     .type = OPTION_CALL,
     .call = end_set,
     .argument = "TIME",
     .free = true,
     .help = "event time is there when the input ends, whatever its last event says"},
    {.name = "max-ahead",
     .group = TIME,
     .type = OPTION_DURATION,
     .target = &given.max_ahead_us,
     .argument = "DUR",
     .help =
         "refuse events more than DUR ahead of the wall clock (default 1h in analyses; 0s: off)"},
    {.name = "max-jump",
     .group = TIME,
     .type = OPTION_DURATION,
     .target = &given.max_jump_us,
     .argument = "DUR",
     .help = "hold events more than DUR ahead of those before (default 1d in analyses; 0s: off)"},
    {.name = "dedup",
     .group = WHICH,
     .type = OPTION_DURATION,
     .target = &given.dedup_us,
     .argument = "DUR",
     .help = "drop events whose event_id was seen within DUR"},
    {.name = "format",
     .group = OUTPUT,
     .type = OPTION_CHOICE,
     .target = &given.format,
     .words = ENCODING_WORDS,
     .help = "how rows are written; table: for people (default ndjson)"},
    {.name = "output",
     .group = OUTPUT,
     .letter = 'o',
     .type = OPTION_TEXT,
     .target = &given.output,
     .argument = "FILE",
     .free = true,
     .help = "rows go to FILE instead of standard output"},
    {.name = "emit",
     .group = OUTPUT,
     .type = OPTION_CALL,
     .call = emit_set,
     .target = &given.emit,
     .argument = "final|updates[:DUR]",
     .help = "print rows once, or also whenever they change (default final)"},
    {.name = "key",
     .group = OUTPUT,
     .type = OPTION_TEXT,
     .target = &given.key,
     .argument = "F[,F]",
     .help = "print these members and a tab before every row, for kcat -P -K '\\t'"},
    {.name = "pad",
     .group = OUTPUT,
     .type = OPTION_CALL,
     .call = pad_set,
     .argument = "[1024]",
     .free = true,
     .help = "print newlines after each flush, so that kcat -P sends at once"},
    {.name = "order-by",
     .group = OUTPUT,
     .type = OPTION_TEXT,
     .target = &given.order_by,
     .argument = "[-]F",
     .help = "sort a window's rows by F; - reverses"},
    {.name = "top",
     .group = OUTPUT,
     .type = OPTION_NUMBER,
     .target = &given.top,
     .argument = "N",
     .least = 1,
     .help = "print only the first N rows of a window"},
    {.name = "ties",
     .group = OUTPUT,
     .type = OPTION_FLAG,
     .target = &given.ties,
     .help = "with --top: rows that equal the last one, too"},
    {.name = "by-partition",
     .group = OUTPUT,
     .type = OPTION_FLAG,
     .target = &given.by_partition,
     .help = "print a row for each partition, with a member named partition"},
    {.name = "merge",
     .group = OUTPUT,
     .type = OPTION_FLAG,
     .target = &given.merge,
     .help = "read rows of several runs and make those of one of them"},
    {.name = "state",
     .group = STATE,
     .letter = 's',
     .type = OPTION_TEXT,
     .target = &given.state,
     .argument = "FILE",
     .free = true,
     .help = "keep state in FILE and go on from it"},
    {.name = "save-every",
     .group = STATE,
     .type = OPTION_DURATION,
     .target = &given.save_every_us,
     .argument = "DUR",
     .least = 1,
     .free = true,
     .help = "how often the state is saved (default 1s)"},
    {.name = "flush",
     .group = STATE,
     .type = OPTION_FLAG,
     .target = &given.flush,
     .free = true,
     .help = "with --state: close and print everything at the end of the input"},
    {.name = "spool",
     .group = STATE,
     .type = OPTION_TEXT,
     .target = &given.spool,
     .argument = "DIR",
     .free = true,
     .help = "rows go to numbered files in DIR, one for each saved state"},
    {.name = "skip-gone",
     .group = STATE,
     .type = OPTION_FLAG,
     .target = &given.skip_gone,
     .free = true,
     .help = "go on without lines of files that were moved away before they were read"},
    {.name = "show-position",
     .group = STATE,
     .type = OPTION_FLAG,
     .target = &given.show_position,
     .free = true,
     .help = "print the positions in the state and exit"},
    {.name = "rejects",
     .group = WRONG,
     .type = OPTION_TEXT,
     .target = &given.rejects,
     .argument = "FILE",
     .free = true,
     .help = "write refused records to FILE, as NDJSON with the reason"},
    {.name = "late",
     .group = WRONG,
     .type = OPTION_TEXT,
     .target = &given.late,
     .argument = "FILE",
     .free = true,
     .help = "write records that came too late to FILE, as NDJSON"},
    {.name = "strict",
     .group = WRONG,
     .type = OPTION_FLAG,
     .target = &given.strict,
     .free = true,
     .help = "the first refused or late record ends the run, exit 1"},
    {.name = "max-keys",
     .group = LIMITS,
     .type = OPTION_NUMBER,
     .target = &given.max_keys,
     .argument = "N",
     .least = 1,
     .free = true,
     .help = "bound on keys held at once (default 50000000)"},
    {.name = "max-memory",
     .group = LIMITS,
     .type = OPTION_CALL,
     .call = max_memory_set,
     .argument = "SIZE",
     .free = true,
     .help = "bound on memory held at once (default 50%)"},
    {.name = "jobs",
     .group = LIMITS,
     .letter = 'j',
     .type = OPTION_NUMBER,
     .target = &given.jobs,
     .argument = "N",
     .least = 1,
     .free = true,
     .help = "read regular files with N processes at once"},
    {.name = "range",
     .group = LIMITS,
     .type = OPTION_CALL,
     .call = range_set,
     .argument = "K/N",
     .free = true,
     .help = "read the K-th of N pieces of the files, for --partial"},
    {.name = "partial",
     .group = LIMITS,
     .type = OPTION_TEXT,
     .target = &given.partial,
     .argument = "FILE",
     .free = true,
     .help = "write what comes of that piece to FILE (-: standard output), to be merged"},
    {.name = "merge-partials",
     .group = LIMITS,
     .type = OPTION_FLAG,
     .target = &given.merge_partials,
     .free = true,
     .help = "the files are those of --partial: print what one run would have"},
    {.name = "stats",
     .group = INSIDE,
     .type = OPTION_CALL,
     .call = stats_set,
     .argument = "[FILE]",
     .free = true,
     .help = "write counters at the end and on SIGUSR1 (FILE.prom: for Prometheus)"},
    {.name = "stats-every",
     .group = INSIDE,
     .type = OPTION_CALL,
     .call = stats_every_set,
     .argument = "DUR",
     .free = true,
     .help = "also write them every DUR"},
    {.name = "stats-ends",
     .group = INSIDE,
     .type = OPTION_TEXT,
     .target = &given.stats_ends,
     .argument = "FILE",
     .free = true,
     .help = "where the topic's partitions end, as kcat -Q says: how far behind a run is"},
    {.name = "stats-label",
     .group = INSIDE,
     .type = OPTION_LIST,
     .target = &given.stats_label,
     .argument = "NAME=VALUE,...",
     .free = true,
     .help = "labels for every counter, as instance=shop; may repeat"},
    {.name = "explain",
     .group = INSIDE,
     .type = OPTION_FLAG,
     .target = &given.explain,
     .free = true,
     .help = "say how expressions are run and what is read, and exit"},
    {.name = "print-schema",
     .group = INSIDE,
     .type = OPTION_TEXT,
     .target = &given.schema,
     .argument = "sql[:TABLE]",
     .free = true,
     .help = "print what makes a table of PostgreSQL for the rows, and exit"},
    {.name = "progress",
     .group = INSIDE,
     .type = OPTION_FLAG,
     .target = &given.progress,
     .free = true,
     .help = "show bytes, rate and time left on standard error"},
    OPTION_END,
};

/* TOOL_COLLECTS: the options that say what a record means, and what is told of it; a collector has
 * no inputs, no state and no rows of windows. */
static const struct option_row *rows_of_collector(void)
{
    static const char *const names[] = {"where",       "time-field",   "time-unit", "assume-utc",
                                        "tz",          "number",       "max-ahead", "key",
                                        "rejects",     "max-memory",   "stats",     "stats-every",
                                        "stats-label", "decimal-comma"};
    enum { NAMES = sizeof names / sizeof names[0] };
    static struct option_row some[NAMES + 1]; /* the last one ends them */
    size_t count = 0;
    for (const struct option_row *row = rows; row->name != NULL; row++)
        for (size_t i = 0; i < NAMES; i++)
            if (strcmp(row->name, names[i]) == 0) some[count++] = *row;
    return some;
}

int common_options_parse(const struct tool *tool, int argc, char **argv)
{
    if ((tool->flags & TOOL_NO_TIME_RULES) != 0) given.max_jump_us = given.max_ahead_us = 0;
    return option_parse(argc, argv, tool->options,
                        (tool->flags & TOOL_COLLECTS) != 0 ? rows_of_collector() : rows);
}

void common_options_key(const char *names)
{
    if (given.key == NULL) given.key = names;
}

/* UTF-8 is what text is in anyway. */
static void settle_encoding(void)
{
    struct charset charset;
    if (given.encoding == NULL) return;
    const bool known = charset_init(&charset, given.encoding);
    charset_release(&charset);
    if (!known)
        die_usage("--encoding: '%s' is no encoding that is known here (iconv -l lists them)",
                  given.encoding);
    if (charset_is_utf8(given.encoding)) given.encoding = NULL;
}

/* --stats-label: its items, each of which has to be one. */
static void labels_settle(void)
{
    const struct list *const labels = &given.stats_labels;
    if (!given.stats && given.stats_label.count != 0) die_usage("--stats-label needs --stats");
    option_items(&given.stats_labels, "stats-label", &given.stats_label, LIST_PAIRS);
    for (size_t i = 0; i < labels->count; i++) {
        const struct slice name = labels->item[i].name;
        const char *why = metrics_label(name, labels->item[i].value);
        for (size_t earlier = 0; why == NULL && earlier < i; earlier++)
            if (slice_equal(labels->item[earlier].name, name)) why = "is given twice";
        if (why != NULL) die_usage("--stats-label: '%.*s' %s", (int)name.len, name.text, why);
    }
}

static void zone_settle(void)
{
    struct buffer why = {0};
    if (given.assume_utc && given.tz != NULL)
        die_usage("--assume-utc and --tz both say the zone of times without one: give one of them");
    if (given.assume_utc || given.tz != NULL) {
        given.time.zone = zone_open(given.assume_utc ? "UTC" : given.tz, &why);
        if (given.time.zone == NULL) die_usage("--tz: %.*s", (int)why.len, why.data);
    }
    if (given.time.unit == UNIT_EXCEL && given.time.zone == NULL)
        die_usage("--time-unit=excel: spreadsheets have local times: --tz=ZONE or --assume-utc "
                  "says of where");
}

void common_options_release(void)
{
    zone_free(given.time.zone);
    given.time.zone = NULL;
}

struct settings common_options_settle(const struct tool *tool)
{
    struct settings settings = {
        .lateness_us = given.lateness_us,
        .idle_us = given.idle_us,
        .has_state = given.state != NULL,
        .by_partition = given.by_partition,
        .merge = given.merge,
        .sorted = given.merge && (tool->flags & TOOL_SORTS) != 0,
        .partitions = given.partitions != NULL,
        .interleave = given.interleave || given.merge,
        .updates = given.updates,
        .apart = given.range.count != 0 || given.merge_partials,
        .max_keys = given.max_keys,
        .tz = given.tz,
    };
    if (given.state != NULL) given.state = path_followed(given.state);
    settle_encoding();
    labels_settle();
    zone_settle();
    if (tool->settle != NULL) tool->settle(&settings);
    if ((settings.merge || settings.rows) && given.kafka_members)
        die_usage("--kafka-members is for events: rows are read here");
    if (settings.merge || settings.rows) { /* rows are in order, and as far ahead as they are */
        settings.lateness_us = 0;
        given.time_field = settings.sorted ? "last_event_time" : "window_start";
        given.max_jump_us = given.max_ahead_us = 0;
    }
    if (given.time_field == NULL) given.time_field = "event_time";
    settings.time_field = given.time_field;
    return settings;
}
