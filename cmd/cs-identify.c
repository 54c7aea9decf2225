/*
 * cs-identify - events in, the same events out, in order of time, with the person behind each.
 *
 * Who that is, is people.h's business. What is here: the options.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/paths.h"
#include "people/linkfile.h"
#include "people/people.h"
#include "run/common_options.h"
#include "run/tool.h"

static struct option_list anonymous, junk;
static struct people_options given = {
    .anonymous = &anonymous,
    .known = "user_id",
    .hold_us = INT64_C(1800) * 1000000,
    .horizon_us = INT64_C(30) * 86400 * 1000000,
    .junk = &junk,
};
static const char *links;
static char *link_file; /* what that leads to */
static int64_t bots;    /* both numbers of --bots, for the fingerprint */

static const char *bots_set(const char *value)
{
    const char *const why =
        rate_parse(value != NULL ? value : "200/1m", &given.bots_most, &given.bots_span_us);
    bots = (int64_t)given.bots_most << 32 | given.bots_span_us;
    return why;
}

static const struct option_row rows[] = {
    {.name = "anonymous",
     .type = OPTION_LIST,
     .target = &anonymous,
     .argument = "F,...",
     .help = "members that hold anonymous ids, the surest first (default session_id)"},
    {.name = "known",
     .type = OPTION_TEXT,
     .target = &given.known,
     .argument = "F",
     .help = "the member that says who it is (default user_id)"},
    {.name = "hold",
     .type = OPTION_DURATION,
     .target = &given.hold_us,
     .argument = "DUR",
     .words = "max",
     .help = "events wait so long for their id to be named (default 30m); max: to the end"},
    {.name = "horizon",
     .type = OPTION_DURATION,
     .target = &given.horizon_us,
     .argument = "DUR",
     .words = "max",
     .help = "who was named is remembered so long (default 30d)"},
    {.name = "links",
     .type = OPTION_TEXT,
     .target = &links,
     .argument = "FILE",
     .help = "begin with the links in FILE, and write them there at the end"},
    {.name = "junk",
     .type = OPTION_LIST,
     .target = &junk,
     .argument = "ID,...",
     .help = "ids that identify nobody, beside null, undefined, 0, guest and the like"},
    {.name = "bots",
     .type = OPTION_CALL,
     .call = bots_set,
     .target = &bots,
     .argument = "[RATE/DUR]",
     .help = "mark visits with more than RATE events within DUR (default 200/1m)"},
    {.name = "bot-agents",
     .type = OPTION_FLAG,
     .target = &given.bot_agents,
     .help = "mark events whose user_agent is a known crawler's"},
    {.name = "lists",
     .type = OPTION_TEXT,
     .target = &given.lists,
     .argument = "DIR",
     .help = "where --bot-agents finds bots.txt"},
    OPTION_END,
};

static void hint(struct run *run, struct event *ev)
{
    people_hint(run->own, ev);
}

static void keys_count(struct run *run)
{
    const struct people *const people = run->own;
    run->counters.keys = links_count(&people->links) + people->rate.pool.live;
}

static enum fate event(struct run *run, const struct event *ev)
{
    const bool used = people_event(run->own, ev);
    keys_count(run);
    return used ? FATE_USED : FATE_LATE;
}

static void advance(struct run *run, int64_t watermark_us)
{
    people_advance(run->own, watermark_us);
    keys_count(run);
}

static void finish(struct run *run)
{
    people_finish(run->own);
    keys_count(run);
}

static void save(struct run *run, struct buffer *out)
{
    people_save(run->own, out);
}

static bool load(struct run *run, struct unpack *in)
{
    const bool good = people_load(run->own, in);
    keys_count(run);
    return good;
}

static void close_run(struct run *run)
{
    if (links != NULL) linkfile_write(run->own, link_file);
}

static void stats(struct run *run, struct buffer *out)
{
    people_stats(run->own, out);
}

static void explain(struct run *run, struct buffer *out)
{
    people_explain(run->own, out);
}

static void release(struct run *run)
{
    people_release(run->own);
    free(run->own);
    free(link_file);
    link_file = NULL;
}

static const struct analysis analysis = {
    .hint = hint,
    .event = event,
    .advance = advance,
    .finish = finish,
    .save = save,
    .load = load,
    .end = close_run,
    .stats = stats,
    .explain = explain,
};

static const struct analysis *start(struct run *run)
{
    struct people *const people = run->own = memory_zero(1, sizeof *people);
    if (options->jobs > 1)
        die_usage("--jobs: who an event is of depends on all events before it: one process only");
    if (links != NULL && *links == '\0') die_usage("--links: empty: a name is missing");
    given.keeps_texts = links != NULL;
    given.time_field = run->settings.time_field;
    people_init(people, &given, &run->schema, run->rows);
    rows_column(run->rows, SLICE("person_id"), COLUMN_TEXT, SLICE("who it was"));
    rows_column(run->rows, SLICE("bot"), COLUMN_TEXT, SLICE("why it is one; null: people"));
    if (links != NULL) {
        link_file = path_followed(links);
        paths_note("--links", link_file, PATH_REPORT);
        linkfile_check(link_file);
        linkfile_read(people, link_file);
    }
    return &analysis;
}

static const struct tool tool = {
    .name = "cs-identify",
    .summary = "say which person each event is of, and which are of bots",
    .options = rows,
    .flags = TOOL_EVENTS,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
