#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calendar.h"
#include "catalog.h"
#include "output.h"

#ifndef CS_VERSION /* the Makefile knows it */
#define CS_VERSION "unknown"
#endif

#define TERM_MAX_BYTES 200
#define LONG_BASE 1000 /* what getopt_long returns for long options: above every letter */
#define EVENTS_DEFAULT 10000
#define SPAN_MAX_US (INT64_C(3660) * 86400 * 1000000) /* ten years */

enum option_id {
    OPT_HELP = 'h',
    OPT_VERSION = 'V',
    OPT_SEED = 256,
    OPT_EVENTS,
    OPT_DURATION,
    OPT_START,
    OPT_RATE,
    OPT_LOOP_RATE,
    OPT_PRODUCTS,
    OPT_USERS,
    OPT_BOTS,
    OPT_OUTAGE,
    OPT_SPIKE,
    OPT_SEARCH_SPIKE,
    OPT_DISORDER,
    OPT_REPEATS,
    OPT_MALFORMED,
    OPT_NULLS,
    OPT_EMPTY,
    OPT_UNICODE,
    OPT_SHUFFLE_MEMBERS,
    OPT_ESCAPES,
    OPT_EXTRAS,
    OPT_PLANT,
    OPT_PLANTED,
    OPT_CSV,
    OPT_PARTITIONS,
};

struct option_row {
    enum option_id id;
    const char *name;
    const char *argument; /* NULL: takes none */
    const char *help;     /* further lines are indented by the printer */
    const char *heading;  /* printed before the row, or NULL */
};

static const struct option_row option_rows[] = {
    {OPT_SEED, "seed", "N", "same seed, same bytes (default 1)", "How much:"},
    {OPT_EVENTS, "events", "N",
     "stop after N events (default 10000, or none with --duration or\n"
     "--loop-rate); repeats and malformed lines come on top",
     NULL},
    {OPT_DURATION, "duration", "DUR", "stop after that span of event time", NULL},
    {OPT_START, "start", "TIME", "RFC 3339 with Z (default 2026-01-01T00:00:00Z)", NULL},
    {OPT_RATE, "rate", "R", "events per second of event time, mean of a day (default 50)", NULL},
    {OPT_LOOP_RATE, "loop-rate", "R",
     "live: R events per second of wall clock, with now as event time,\n"
     "flushed every 10 ms, until stopped; the shop is busy from the start",
     NULL},
    {OPT_PRODUCTS, "products", "N", "products, their demand with a long tail (default 20000)",
     "The shop:"},
    {OPT_USERS, "users", "N", "people who may log in (default 50000)", NULL},
    {OPT_BOTS, "bots", "N",
     "N bots, on top of --rate, each about one product_view a second for\n"
     "hours; then another takes its place under a new session_id",
     NULL},
    {OPT_OUTAGE, "outage", "START+DUR",
     "no purchase succeeds from START (an offset) on, for DUR; people try\n"
     "the checkout again, and give up; may be repeated",
     NULL},
    {OPT_SPIKE, "spike", "START+DUR[xF]", "F times as many visitors (default 5); may be repeated",
     NULL},
    {OPT_SEARCH_SPIKE, "search-spike", "START+DUR:TERM",
     "everybody searches for TERM; may be repeated", NULL},
    {OPT_PLANT, "plant", "KIND[=N],...",
     "put N things of a kind among the rest, to be found: bots-by-rate,\n"
     "bots-by-agent (all events then have a user_agent), logins, devices,\n"
     "carts-recovered, carts-emptied, carts-bought-later, paths; or all;\n"
     "on top of --rate; needs --duration; the last word on a kind counts",
     "What is to be found:"},
    {OPT_PLANTED, "planted", "FILE",
     "write what was planted there, a line each: kind, number, session_ids,\n"
     "user_id, first and last event_time, how many events, the tool that\n"
     "finds it, and what its rows should then say",
     NULL},
    {OPT_DISORDER, "disorder", "DUR", "a fifth of the events comes late, by less than DUR",
     "What goes wrong on the way:"},
    {OPT_REPEATS, "repeats", "PCT",
     "that percentage of the events is printed twice, the second time less\n"
     "than --disorder (or 30s) after its event time",
     NULL},
    {OPT_MALFORMED, "malformed", "PCT",
     "broken lines, PCT of the events, added: truncated, arrays, invalid\n"
     "UTF-8, NUL and control bytes, lone surrogates, event_time missing\n"
     "or garbage, a nested session_id (CSV: what CSV can break of these)",
     NULL},
    {OPT_NULLS, "nulls", "PCT",
     "that percentage of user_id, page_url, product_id, category_id,\n"
     "search_query, traffic_source, campaign_id and device_type is nulled\n"
     "or left out; a tenth of it for event_id and session_id",
     NULL},
    {OPT_EMPTY, "empty", NULL, "some of the same members are \"\"", NULL},
    {OPT_UNICODE, "unicode", NULL,
     "more non-ASCII text, also in ids, and every value now raw and now\n"
     "with JSON escapes; search_query may hold a line break or a tab",
     NULL},
    {OPT_SHUFFLE_MEMBERS, "shuffle-members", NULL,
     "members in another order on each line (CSV: columns, once)", NULL},
    {OPT_ESCAPES, "escapes", NULL,
     "every string value has an escape that changes nothing (CSV: quotes)", NULL},
    {OPT_EXTRAS, "extras", NULL, "price, quantity and currency after add_to_cart and purchase",
     "How it is printed:"},
    {OPT_CSV, "csv", NULL, "RFC 4180 with a header line; lines end in LF", NULL},
    {OPT_PARTITIONS, "partitions", "N",
     "PARTITION<TAB>OFFSET<TAB> before each line, by FNV-1a of session_id", NULL},
    {OPT_HELP, "help", NULL, "this text", "Other:"},
    {OPT_VERSION, "version", NULL, "the version", NULL},
};

#define OPTION_COUNT (sizeof(option_rows) / sizeof(option_rows[0]))

static void help_print(void)
{
    fputs(
        "Usage: traffic [OPTION]...\n"
        "Prints the clickstream of a made-up shop: one JSON event a line, in the order of\n"
        "event_time. Visitors arrive day and night, look, search, put things into carts, log in,\n"
        "buy or give up; how often depends on where they come from and on their device.\n",
        stdout);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->heading) printf("\n%s\n", row->heading);
        char left[48];
        snprintf(left, sizeof(left), "  %s--%s%s%s",
                 row->id == OPT_HELP || row->id == OPT_VERSION
                     ? (row->id == OPT_HELP ? "-h, " : "-V, ")
                     : "",
                 row->name, row->argument ? "=" : "", row->argument ? row->argument : "");
        if (strlen(left) > 22) {
            printf("%s\n%24s", left, "");
        } else {
            printf("%-24s", left);
        }
        for (const char *c = row->help; *c; c++) {
            putchar(*c);
            if (*c == '\n') printf("%24s", "");
        }
        putchar('\n');
    }
    fputs(
        "\n"
        "DUR is like 500ms 30s 15m 2h 1d 1h30m, with its unit. Options combine (but --csv has no\n"
        "--partitions). Which events there are depends on the seed and on the first two groups\n"
        "only; the others print the same events in other ways.\n"
        "\n"
        "Example: six hours with three incidents\n"
        "  traffic --duration=6h --outage=4h+20m --spike=5h+10mx5 \\\n"
        "          --search-spike='3h+15m:blackout lamp' > events.ndjson\n"
        "Example: something to look for, and where it is\n"
        "  traffic --duration=6h --plant=bots-by-rate=3,carts-recovered --planted=planted.ndjson\n",
        stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) die_errno("standard output");
}

/* Reads the digits at *at; false when there is none or the number is above max. */
static bool whole_parse(const char **at, uint64_t max, uint64_t *out)
{
    const char *c = *at;
    uint64_t number = 0;
    if (!isdigit((unsigned char)*c)) return false;
    for (; isdigit((unsigned char)*c); c++) {
        const uint64_t digit = (uint64_t)(*c - '0');
        if (number > (max - digit) / 10) return false;
        number = number * 10 + digit;
    }
    *at = c;
    *out = number;
    return true;
}

/* Reads a decimal at *at as so many places (3: thousandths); further digits are refused. */
static bool decimal_parse(const char **at, int places, uint64_t max, uint64_t *out)
{
    uint64_t number;
    uint64_t unit = 1;
    for (int i = 0; i < places; i++)
        unit *= 10;
    if (!whole_parse(at, max / unit, &number)) return false;
    number *= unit;
    if (**at == '.') {
        const char *c = *at + 1;
        if (!isdigit((unsigned char)*c)) return false;
        for (; isdigit((unsigned char)*c); c++) {
            unit /= 10;
            if (unit == 0) return false;
            number += unit * (uint64_t)(*c - '0');
        }
        *at = c;
    }
    *out = number;
    return number <= max;
}

static uint64_t option_whole(const char *name, const char *text, uint64_t min, uint64_t max)
{
    const char *at = text;
    uint64_t number = 0;
    if (!whole_parse(&at, max, &number) || *at || number < min)
        die_usage("--%s: '%s' is not a whole number from %llu to %llu", name, text,
                  (unsigned long long)min, (unsigned long long)max);
    return number;
}

static uint32_t option_percent(const char *name, const char *text)
{
    const char *at = text;
    uint64_t ppm = 0;
    if (!decimal_parse(&at, 4, 1000000, &ppm))
        die_usage("--%s: '%s' is not a percentage from 0 to 100", name, text);
    if (*at == '%') at++;
    if (*at) die_usage("--%s: '%s' is not a percentage from 0 to 100", name, text);
    return (uint32_t)ppm;
}

static uint64_t option_rate(const char *name, const char *text)
{
    const char *at = text;
    uint64_t milli = 0;
    if (!decimal_parse(&at, 3, UINT64_C(10000000000), &milli) || *at || milli == 0)
        die_usage("--%s: '%s' is not a rate from 0.001 to 10000000", name, text);
    return milli;
}

/* Reads the duration at *at (1h30m, units falling), as far as it goes; NULL or the reason. */
static const char *duration_parse(const char **at, int64_t *out_us)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"w", INT64_C(604800000000)},
                 {"d", INT64_C(86400000000)},
                 {"h", INT64_C(3600000000)},
                 {"ms", 1000},
                 {"us", 1},
                 {"m", 60000000},
                 {"s", 1000000}};
    int64_t sum = 0;
    int64_t last = INT64_MAX;
    do {
        uint64_t number;
        if (!whole_parse(at, 1000000000000, &number)) return "is not a duration (30s, 15m, 1h30m)";
        size_t i = 0;
        while (i < sizeof(units) / sizeof(units[0]) &&
               strncmp(*at, units[i].name, strlen(units[i].name)) != 0)
            i++;
        if (i == sizeof(units) / sizeof(units[0]))
            return **at == '\0' || **at == '+' || **at == ':'
                       ? "has no unit; which one (us, ms, s, m, h, d, w)?"
                       : "has no known unit (us, ms, s, m, h, d, w)";
        if (units[i].us >= last) return "has its units in the wrong order (1h30m)";
        last = units[i].us;
        if ((int64_t)number > (SPAN_MAX_US - sum) / last) return "is too long";
        sum += (int64_t)number * last;
        *at += strlen(units[i].name);
    } while (isdigit((unsigned char)**at));
    *out_us = sum;
    return NULL;
}

static int64_t option_duration(const char *name, const char *text)
{
    const char *at = text;
    int64_t us = 0;
    const char *reason = duration_parse(&at, &us);
    if (!reason && *at) reason = "has no known unit (us, ms, s, m, h, d, w)";
    if (!reason && us == 0) reason = "must be longer than that";
    if (reason) die_usage("--%s: '%s' %s", name, text, reason);
    return us;
}

/* START+DUR, then [xFACTOR] for --spike and :TERM for --search-spike. */
static void option_span(struct spans *spans, enum option_id id, const char *name, const char *text)
{
    const char *at = text;
    struct span span = {.factor_milli = 5000};
    int64_t length_us = 0;
    if (spans->count == SPANS_MAX)
        die_usage("--%s: '%s' is one too many (%d)", name, text, SPANS_MAX);
    const char *reason = duration_parse(&at, &span.begin_us);
    if (!reason && *at++ != '+') reason = "is not START+DUR (4h+20m)";
    if (!reason) reason = duration_parse(&at, &length_us);
    if (!reason && length_us == 0) reason = "must be longer than that";
    if (!reason && id == OPT_SPIKE && *at == 'x') {
        uint64_t factor = 0;
        at++;
        if (!decimal_parse(&at, 3, 1000000, &factor)) reason = "has a factor not from 0 to 1000";
        span.factor_milli = (uint32_t)factor;
    }
    if (!reason && id == OPT_SEARCH_SPIKE) {
        if (*at != ':' || !at[1]) reason = "has no term (3h+15m:blackout lamp)";
        span.term = at + 1;
        if (!reason && strlen(span.term) > TERM_MAX_BYTES) reason = "has too long a term";
        if (!reason && !text_is_utf8(span.term)) reason = "has a term that is not UTF-8";
    } else if (!reason && *at) {
        reason = "has more behind its duration than belongs there";
    }
    if (reason) die_usage("--%s: '%s' %s", name, text, reason);
    span.end_us = span.begin_us + length_us;
    spans->list[spans->count++] = span;
}

/* KIND[=N],...: the kinds are those of plant.h, or all. */
static void option_plant(struct options *options, const char *name, const char *text)
{
    for (const char *at = text;;) {
        const char *const item = at;
        const int item_len = (int)strcspn(item, ",");
        const size_t len = strcspn(item, "=,");
        const bool all = len == 3 && strncmp(item, "all", 3) == 0;
        const enum plant_kind kind = all ? PLANT_KIND_COUNT : plant_find(item, len);
        uint64_t count = 0;
        if (!all && kind == PLANT_KIND_COUNT)
            die_usage("--%s: '%.*s' is nothing that can be planted: see --help", name, (int)len,
                      item);
        at = item + len;
        if (*at == '=') {
            at++;
            if (!whole_parse(&at, PLANT_MAX, &count) || count == 0 || at != item + item_len)
                die_usage("--%s: '%.*s' is not KIND=N with N from 1 to %d", name, item_len, item,
                          PLANT_MAX);
        }
        for (int i = 0; i < PLANT_KIND_COUNT; i++) {
            if (all || i == (int)kind)
                options->plants[i] = count ? (uint32_t)count : plants[i].usual;
        }
        if (*at++ == '\0') break;
    }
    options->agents = options->plants[PLANT_BOTS_BY_AGENT] > 0;
}

static int64_t option_time(const char *name, const char *text)
{
    int64_t us;
    if (!calendar_parse(text, &us))
        die_usage("--%s: '%s' is not a time like 2026-01-01T00:00:00Z", name, text);
    return us;
}

static const struct option_row *row_find(int id)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((int)option_rows[i].id == id) return &option_rows[i];
    }
    abort();
}

static void option_take(struct options *options, const struct option_row *row, const char *text)
{
    const char *name = row->name;
    switch (row->id) {
    case OPT_HELP: help_print(); exit(0);
    case OPT_VERSION:
        puts("traffic " CS_VERSION);
        if (fflush(stdout) != 0) die_errno("standard output");
        exit(0);
    case OPT_SEED: options->seed = option_whole(name, text, 0, UINT64_MAX); break;
    case OPT_EVENTS: options->events = option_whole(name, text, 0, UINT64_MAX - 1); break;
    case OPT_DURATION: options->duration_us = option_duration(name, text); break;
    case OPT_START: options->start_us = option_time(name, text); break;
    case OPT_LOOP_RATE:
        options->live = true;
        options->rate_milli = option_rate(name, text);
        break;
    case OPT_RATE: options->rate_milli = option_rate(name, text); break;
    case OPT_PRODUCTS: options->products = (uint32_t)option_whole(name, text, 1, 10000000); break;
    case OPT_USERS: options->users = (uint32_t)option_whole(name, text, 1, 1000000000); break;
    case OPT_BOTS: options->bots = (uint32_t)option_whole(name, text, 0, 1000000); break;
    case OPT_OUTAGE: option_span(&options->outages, row->id, name, text); break;
    case OPT_SPIKE: option_span(&options->spikes, row->id, name, text); break;
    case OPT_SEARCH_SPIKE: option_span(&options->search_spikes, row->id, name, text); break;
    case OPT_DISORDER: options->disorder_us = option_duration(name, text); break;
    case OPT_REPEATS: options->repeats_ppm = option_percent(name, text); break;
    case OPT_MALFORMED: options->malformed_ppm = option_percent(name, text); break;
    case OPT_NULLS: options->nulls_ppm = option_percent(name, text); break;
    case OPT_EMPTY: options->empty = true; break;
    case OPT_UNICODE: options->unicode = true; break;
    case OPT_SHUFFLE_MEMBERS: options->shuffle_members = true; break;
    case OPT_ESCAPES: options->escapes = true; break;
    case OPT_EXTRAS: options->extras = true; break;
    case OPT_PLANT: option_plant(options, name, text); break;
    case OPT_PLANTED: options->planted = text; break;
    case OPT_CSV: options->csv = true; break;
    case OPT_PARTITIONS: options->partitions = (uint32_t)option_whole(name, text, 1, 65536); break;
    }
}

/* What each option alone cannot know. */
static void options_check(struct options *options, bool start_given, bool rate_given)
{
    if (options->csv && options->partitions)
        die_usage("--csv: a header line has no place in --partitions");
    if (options->live && (start_given || rate_given))
        die_usage("--loop-rate: its time is now and its rate its own; not with --start or --rate");
    bool planting = false;
    for (int kind = 0; kind < PLANT_KIND_COUNT; kind++)
        planting |= options->plants[kind] > 0;
    if (planting && options->duration_us == INT64_MAX)
        die_usage("--plant: where? It needs --duration");
    if (planting && options->events != UINT64_MAX)
        die_usage("--plant: --events would end before all is there; --duration is enough");
    if (options->planted && !planting) die_usage("--planted: nothing is planted without --plant");
    if (options->planted && strcmp(options->planted, "-") == 0)
        die_usage("--planted: events go to standard output; this needs a file");
    if (options->events == UINT64_MAX && options->duration_us == INT64_MAX && !options->live)
        options->events = EVENTS_DEFAULT;
    if (options->live) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        options->start_us = ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000) * 1000;
    }
}

void options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.seed = 1,
                                .events = UINT64_MAX,
                                .duration_us = INT64_MAX,
                                .start_us = INT64_C(1767225600000000), /* 2026-01-01 */
                                .rate_milli = 50000,
                                .products = 20000,
                                .users = 50000};
    struct option longopts[OPTION_COUNT + 1];
    bool start_given = false;
    bool rate_given = false;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        longopts[i] = (struct option){row->name, row->argument ? required_argument : no_argument,
                                      NULL, LONG_BASE + (int)i};
    }
    longopts[OPTION_COUNT] = (struct option){0};
    opterr = 0;
    for (;;) {
        const int found = getopt_long(argc, argv, ":hV", longopts, NULL);
        if (found == -1) break;
        const bool wrong = found == ':' || found == '?';
        const int id = wrong ? optopt : found;
        /* A value that stands apart is the last word that was taken. */
        const char *given = argv[optind - 1 - (!wrong && optarg == argv[optind - 1])];
        if (id == 0) die_usage("%s: unknown option", given);
        if (wrong && id < LONG_BASE) die_usage("-%c: unknown option", id);
        const struct option_row *row = id < LONG_BASE ? row_find(id) : &option_rows[id - LONG_BASE];
        /* getopt_long takes the beginning of a name for the whole of it. */
        if (id >= LONG_BASE && strcspn(given + 2, "=") != strlen(row->name))
            die_usage("%s: unknown option; did you mean --%s?", given, row->name);
        if (found == ':') die_usage("%s: needs a value", given);
        if (found == '?') die_usage("%s: takes no value", given);
        start_given |= row->id == OPT_START;
        rate_given |= row->id == OPT_RATE;
        option_take(options, row, optarg);
    }
    if (optind < argc) die_usage("%s: takes no file, it makes the events", argv[optind]);
    options_check(options, start_given, rate_given);
}
