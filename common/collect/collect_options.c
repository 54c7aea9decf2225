#include "collect/collect_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/size.h"
#include "run/common_options.h"

enum { WORKERS_MOST = 256 };

/* Smaller ones hold no request. */
#define BODY_LEAST 256

struct collect_options collect_given = {
    .path = "/e",
    .seal_us = 1000000,
    .buffer_bytes = INT64_C(8) << 20,
    .body_bytes = INT64_C(64) << 10,
    .events = 500,
    .connections = 10000,
    .request_us = 10000000,
    .idle_us = 60000000,
    .workers = 1,
};

static const char *spool_most_set(const char *value)
{
    return size_parse(value, &collect_given.spool_most);
}

static const char *buffer_set(const char *value)
{
    return size_parse(value, &collect_given.buffer_bytes);
}

static const char *body_set(const char *value)
{
    const char *const why = size_parse(value, &collect_given.body_bytes);
    if (why != NULL) return why;
    if (collect_given.body_bytes > INT64_C(16) << 20)
        return "is more than 16M, which a record may be";
    return collect_given.body_bytes < BODY_LEAST ? "is too small: the least is 256" : NULL;
}

static const char *rate_set(const char *value)
{
    return buckets_parse(value, &collect_given.rate);
}

#define PLACE "Where requests come from"
#define EVENTS "Where events go"
#define WHO "Who has sent them"
#define LIMITS "Memory and processors"

const struct option_row collect_rows[] = {
    {.name = "listen",
     .letter = 'l',
     .group = PLACE,
     .type = OPTION_LIST,
     .target = &collect_given.listen,
     .argument = "ADDRESS",
     .help = "HOST:PORT or unix:PATH (default 127.0.0.1:8080); may repeat"},
    {.name = "admin",
     .group = PLACE,
     .type = OPTION_LIST,
     .target = &collect_given.admin,
     .argument = "ADDRESS",
     .help = "where /metrics and /health are answered; may repeat"},
    {.name = "path",
     .group = PLACE,
     .type = OPTION_TEXT,
     .target = &collect_given.path,
     .argument = "PATH",
     .help = "where events are sent to (default /e)"},
    {.name = "snippet",
     .group = PLACE,
     .type = OPTION_TEXT,
     .target = &collect_given.snippet,
     .argument = "FILE",
     .help = "the script that /s.js is (default cs.js, where it is installed)"},
    {.name = "origin",
     .group = PLACE,
     .type = OPTION_LIST,
     .target = &collect_given.origins,
     .argument = "ORIGIN,...|*",
     .help = "pages of which sites may send: https://shop.example (default *)"},
    {.name = "spool",
     .group = EVENTS,
     .type = OPTION_TEXT,
     .target = &collect_given.spool,
     .argument = "DIR",
     .help = "events go to numbered files in DIR, durable before they are acknowledged"},
    {.name = "seal",
     .group = EVENTS,
     .type = OPTION_DURATION,
     .target = &collect_given.seal_us,
     .argument = "DUR",
     .least = 10000,
     .help = "a file is sealed after DUR, or at 8 MiB (default 1s)"},
    {.name = "spool-max",
     .group = EVENTS,
     .type = OPTION_CALL,
     .call = spool_most_set,
     .argument = "SIZE",
     .help = "take no more events while the files in DIR are SIZE together"},
    {.name = "buffer",
     .group = EVENTS,
     .type = OPTION_CALL,
     .call = buffer_set,
     .argument = "SIZE",
     .help = "without --spool: so much may wait for standard output (default 8M)"},
    {.name = "ip",
     .group = WHO,
     .type = OPTION_CHOICE,
     .target = &collect_given.address,
     .words = "cut|full|hash|none",
     .help = "what is kept of addresses; cut: 24 bits of IPv4, 48 of IPv6 (default)"},
    {.name = "trust-proxy",
     .group = WHO,
     .type = OPTION_LIST,
     .target = &collect_given.trusted,
     .argument = "NETWORK,...",
     .help = "proxies that say whom they ask for: 10.0.0.0/8, or unix"},
    {.name = "proxy-header",
     .group = WHO,
     .type = OPTION_CHOICE,
     .target = &collect_given.proxy_header,
     .words = "x-forwarded-for|forwarded",
     .help = "where they say it (default x-forwarded-for)"},
    {.name = "rate",
     .group = WHO,
     .type = OPTION_CALL,
     .call = rate_set,
     .argument = "N/DUR[,burst=N]",
     .help = "so many requests of one IPv4 address or IPv6 /64: 100/10s,burst=300"},
    {.name = "bots",
     .group = WHO,
     .type = OPTION_CHOICE,
     .target = &collect_given.bots,
     .words = "take|tag|drop|only",
     .help = "events of crawlers, by their agent; tag: a member bot (default take)"},
    {.name = "shadow",
     .group = WHO,
     .type = OPTION_FLAG,
     .target = &collect_given.shadow,
     .help = "with --bots and --rate: only count what would be dropped or refused"},
    {.name = "clock",
     .group = WHO,
     .type = OPTION_CHOICE,
     .target = &collect_given.clock,
     .words = "auto|client|server",
     .help = "auto: a device five minutes off or more is corrected (default)"},
    PARSING_OPTION_ROWS(&collect_given.parsing),
    {.name = "options",
     .type = OPTION_CALL,
     .brings = true,
     .call = option_file,
     .argument = "FILE",
     .help = "options, one a line, which those of the command line overrule"},
    {.name = "max-body",
     .group = LIMITS,
     .type = OPTION_CALL,
     .call = body_set,
     .argument = "SIZE",
     .help = "bound on a body, compressed or not (default 64K)"},
    {.name = "max-events",
     .group = LIMITS,
     .type = OPTION_NUMBER,
     .target = &collect_given.events,
     .argument = "N",
     .least = 1,
     .help = "bound on events in a body (default 500)"},
    {.name = "connections",
     .group = LIMITS,
     .type = OPTION_NUMBER,
     .target = &collect_given.connections,
     .argument = "N",
     .least = 1,
     .help = "bound on connections (default 10000)"},
    {.name = "request-time",
     .group = LIMITS,
     .type = OPTION_DURATION,
     .target = &collect_given.request_us,
     .argument = "DUR",
     .least = 1000,
     .help = "how long a request may take to come (default 10s)"},
    {.name = "idle-time",
     .group = LIMITS,
     .type = OPTION_DURATION,
     .target = &collect_given.idle_us,
     .argument = "DUR",
     .least = 1000,
     .help = "how long a connection may be idle (default 60s)"},
    {.name = "workers",
     .group = LIMITS,
     .type = OPTION_NUMBER,
     .target = &collect_given.workers,
     .argument = "N",
     .least = 1,
     .help = "N processes, each with a spool of its own in DIR: 1, 2, ... (default 1)"},
    {.name = "debug",
     .group = "Looking inside",
     .type = OPTION_FLAG,
     .target = &collect_given.debug,
     .help = "say in each answer how many events were taken, and why others were not"},
    OPTION_END,
};

static void networks_settle(void)
{
    struct forwarded *const forwarded = &collect_given.forwarded;
    struct list names = {0};
    option_items(&names, "trust-proxy", &collect_given.trusted, LIST_NAMES);
    forwarded->standard = collect_given.proxy_header == 1;
    forwarded->count = names.count;
    forwarded->trusted = memory_zero(names.count + 1, sizeof forwarded->trusted[0]);
    for (size_t i = 0; i < names.count; i++) {
        const char *const why = network_parse(names.item[i].name, &forwarded->trusted[i]);
        if (why != NULL) die_usage("--trust-proxy: '%s' %s", names.item[i].name.text, why);
    }
    if (forwarded->count == 0 && option_given("proxy-header"))
        die_usage("--proxy-header says where the proxies of --trust-proxy write: name them");
    list_release(&names);
}

/* An origin is a scheme and a host, with a port perhaps, and nothing behind. */
static bool is_origin(struct slice text)
{
    const char *const colons = memmem(text.text, text.len, "://", 3);
    if (colons == NULL || colons == text.text) return false;
    const char *const host = colons + 3, *const end = text.text + text.len;
    return host < end && memchr(host, '/', (size_t)(end - host)) == NULL;
}

static void origins_settle(void)
{
    struct list *const origin = &collect_given.origin;
    bool all = false;
    option_items(origin, "origin", &collect_given.origins, LIST_NAMES);
    for (size_t i = 0; i < origin->count; i++) {
        all |= slice_equal(origin->item[i].name, SLICE("*"));
        if (!all && !is_origin(origin->item[i].name))
            die_usage("--origin: '%s' is no origin (https://shop.example, without a slash behind) "
                      "and not *",
                      origin->item[i].name.text);
    }
    if (all) list_release(origin);
    if (all) *origin = (struct list){.count = 0};
}

void collect_options_settle(void)
{
    if (collect_given.path[0] != '/') die_usage("--path: '%s' is no path (/e)", collect_given.path);
    if (strcmp(collect_given.path, "/s.js") == 0 || strcmp(collect_given.path, "/health") == 0 ||
        strcmp(collect_given.path, "/metrics") == 0)
        die_usage("--path: %s is taken", collect_given.path);
    if (collect_given.workers > WORKERS_MOST) die_usage("--workers: at most %d", WORKERS_MOST);
    if (collect_given.spool != NULL && collect_given.spool[0] == '\0')
        die_usage("--spool: empty: a name is missing");
    if (collect_given.spool == NULL) {
        static const char *const of_spool[] = {"seal", "spool-max"};
        for (size_t i = 0; i < sizeof of_spool / sizeof of_spool[0]; i++)
            if (option_given(of_spool[i])) die_usage("--%s needs --spool", of_spool[i]);
        if (collect_given.workers > 1)
            die_usage("--workers needs --spool: what several wrote to standard output would be "
                      "one among the other");
    } else {
        if (option_given("buffer")) die_usage("--buffer is for standard output: not with --spool");
        common_options_key("session_id");
    }
    if (collect_given.shadow && collect_given.rate.each_us == 0 &&
        collect_given.bots != BOTS_DROP && collect_given.bots != BOTS_ONLY)
        die_usage(
            "--shadow counts what --rate, --bots=drop or --bots=only would: give one of them");
    networks_settle();
    origins_settle();
}

void collect_options_release(void)
{
    free(collect_given.forwarded.trusted);
    list_release(&collect_given.origin);
}
