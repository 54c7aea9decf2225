/*
 * parsing.h - what the options of cs-parse make of records, for all who take what cs-parse takes.
 *
 * A record is mended (--repair), goes through the program of --map, its members are read under
 * other names (--rename) and changed (changes.h), and of page views those that are no pages are
 * left out (--pages). What is printed then is the event as an object (canonical.h). The format is
 * said beforehand: by cs-parse's own options, or, where records come over the network, it is JSON.
 *
 *     format_init(&parsing.format, FORMAT_JSON, &csv);
 *     parsing_start(&parsing, &given, run);
 *     analysis.amend:  parsing_amend(&parsing, run, ev)
 *     analysis.event:  if (parsing_wants(&parsing, ev)) parsing_print(&parsing, run, ev, out);
 */
#ifndef CS_PARSING_H
#define CS_PARSING_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/option.h"
#include "raw/changes.h"
#include "raw/format.h"
#include "raw/page.h"

/* The options as they are given. */
struct parsing_options {
    const char *map_text;
    struct option_list map_files, repairs, renames;
    struct changes_options changes;
    bool only_pages;
};

/* Their rows, for a table of options that fills a struct parsing_options. */
#define PARSING_OPTION_ROWS(to)                                                                    \
    {.name = "repair",                                                                             \
     .type = OPTION_LIST,                                                                          \
     .target = &(to)->repairs,                                                                     \
     .argument = "utf8,escapes",                                                                   \
     .free = true,                                                                                 \
     .help = "mend records that are nearly right, and count them"},                                \
        {.name = "map",                                                                            \
         .type = OPTION_TEXT,                                                                      \
         .target = &(to)->map_text,                                                                \
         .argument = "JQ",                                                                         \
         .free = true,                                                                             \
         .help = "run this jq program on each record; its outputs are the events"},                \
        {.name = "map-file",                                                                       \
         .type = OPTION_LIST,                                                                      \
         .target = &(to)->map_files,                                                               \
         .argument = "FILE",                                                                       \
         .free = true,                                                                             \
         .help = "the same, from FILE or the map of that name; repeatable, in order"},             \
        {.name = "rename",                                                                         \
         .type = OPTION_LIST,                                                                      \
         .target = &(to)->renames,                                                                 \
         .argument = "NEW=OLD,...",                                                                \
         .free = true,                                                                             \
         .help = "read the input's member OLD as NEW"},                                            \
        CHANGES_OPTION_ROWS(&(to)->changes),                                                       \
    {                                                                                              \
        .name = "pages", .type = OPTION_FLAG, .target = &(to)->only_pages, .free = true,           \
        .help = "leave out page views that are no pages: files, errors, redirects"                 \
    }

struct parsing {
    struct format format; /* set by the caller, before parsing_start */
    struct translator translator;
    struct changes changes;
    struct pages pages; /* --pages */
    uint64_t produced;  /* events */
};

/* Reads the options, and sets the run's schema and, where records are no plain events, its
 * translator. Anything wrong is die_usage. */
void parsing_start(struct parsing *parsing, const struct parsing_options *options, struct run *run);

/* Changes an event that has just been scanned, or refuses it. */
enum reason parsing_amend(struct parsing *parsing, const struct run *run, struct event *ev);

/* Is an event, as it was amended, to be printed? Then it is counted. */
bool parsing_wants(struct parsing *parsing, const struct event *ev);

/* Is its line, without a change, what has to be printed? */
static inline bool parsing_line(const struct run *run, const struct event *ev)
{
    return run->schema.whole || ev->canonical;
}

/* Adds it as an object, without a line end. */
void parsing_print(const struct parsing *parsing, const struct run *run, const struct event *ev,
                   struct buffer *out);

void parsing_release(struct parsing *parsing);

#endif
