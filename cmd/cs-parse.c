/*
 * cs-parse - raw records in, canonical events out.
 *
 * The formats are in format.h, the printed object in canonical.h, what the options change about an
 * event in changes.h. What is here: the options, and in which order they act.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/memory.h"
#include "event/members.h"
#include "raw/canonical.h"
#include "raw/changes.h"
#include "raw/format_options.h"
#include "raw/kept.h"
#include "raw/map.h"
#include "raw/mapfile.h"
#include "raw/page.h"
#include "run/tool.h"

static struct format_options given;
static const char *map_text;
static struct option_list map_files;
static struct option_list repairs;
static struct option_list renames;
static struct changes_options changes;
static bool only_pages;
static bool keep_frame;

static const struct option_row options[] = {
    FORMAT_OPTION_ROWS(&given),
    {.name = "repair",
     .type = OPTION_LIST,
     .target = &repairs,
     .argument = "utf8,escapes",
     .free = true,
     .help = "mend records that are nearly right, and count them"},
    {.name = "map",
     .type = OPTION_TEXT,
     .target = &map_text,
     .argument = "JQ",
     .free = true,
     .help = "run this jq program on each record; its outputs are the events"},
    {.name = "map-file",
     .type = OPTION_LIST,
     .target = &map_files,
     .argument = "FILE",
     .free = true,
     .help = "the same, from FILE or the map of that name; repeatable, in order"},
    {.name = "rename",
     .type = OPTION_LIST,
     .target = &renames,
     .argument = "NEW=OLD,...",
     .free = true,
     .help = "read the input's member OLD as NEW"},
    CHANGES_OPTION_ROWS(&changes),
    {.name = "pages",
     .type = OPTION_FLAG,
     .target = &only_pages,
     .free = true,
     .help = "leave out page views that are no pages: files, errors, redirects"},
    {.name = "keep-frame",
     .type = OPTION_FLAG,
     .target = &keep_frame,
     .help = "print events in frames of kcat-sized: each record's in one"},
    OPTION_END,
};

struct parse {
    struct format format;
    struct translator translator;
    struct changes changes;
    struct pages pages; /* --pages */
    struct kept kept;   /* --keep-frame */
    uint64_t produced;
};

static enum reason amend(struct run *run, struct event *ev)
{
    struct parse *const parse = run->own;
    if (keep_frame && ev->offset < 0) return REASON_BAD_FRAME;
    return changes_make(&parse->changes, &run->schema, ev);
}

static enum fate event(struct run *run, const struct event *ev)
{
    struct parse *const parse = run->own;
    const bool as_it_is = run->schema.whole || ev->canonical;
    if (parse->pages.wanted && !pages_keep(&parse->pages, ev)) return FATE_FILTERED;
    parse->produced++;
    if (as_it_is && !keep_frame) {
        rows_line(run->rows, ev, &run->schema);
        return FATE_USED;
    }
    struct buffer *out = keep_frame ? kept_event(&parse->kept, run->rows,
                                                 partition_number(ev->partition), ev->offset)
                                    : rows_raw_begin(run->rows);
    if (as_it_is)
        buffer_add_slice(out, ev->line);
    else
        canonical_print(out, &run->schema, ev, parse->changes.slots);
    if (!keep_frame) rows_raw_end(run->rows, ev, &run->schema);
    return FATE_USED;
}

static void passed(struct run *run, int64_t partition, int64_t offset, bool is_end)
{
    struct parse *const parse = run->own;
    kept_passed(&parse->kept, run->rows, partition, offset, is_end);
}

static void flush(struct run *run)
{
    struct parse *const parse = run->own;
    kept_flush(&parse->kept, run->rows);
}

static void stats(struct run *run, struct buffer *out)
{
    const struct parse *const parse = run->own;
    buffer_printf(out, ",\"produced\":%" PRIu64 ",\"repaired\":%" PRIu64, parse->produced,
                  parse->format.repair.repaired);
}

static void save(struct run *run, struct buffer *out)
{
    const struct parse *const parse = run->own;
    pack_u64(out, parse->produced);
    pack_u64(out, parse->format.repair.repaired);
}

static bool load(struct run *run, struct unpack *in)
{
    struct parse *const parse = run->own;
    parse->produced = unpack_u64(in);
    parse->format.repair.repaired = unpack_u64(in);
    return !in->broken;
}

static void explain(struct run *run, struct buffer *out)
{
    const struct parse *const parse = run->own;
    if (parse->format.map != NULL) buffer_add_literal(out, "map      libjq, on every record\n");
}

static void release(struct run *run)
{
    struct parse *const parse = run->own;
    format_release(&parse->format);
    mapfile_release();
    changes_release(&parse->changes);
    pages_release(&parse->pages);
    kept_release(&parse->kept);
    free(parse);
}

/* What a range of --jobs hands over, and the next one does not. */
static void hand_over(struct run *run, struct buffer *out)
{
    struct parse *const parse = run->own;
    save(run, out);
    parse->produced = parse->format.repair.repaired = 0;
}

static bool add(struct run *run, struct unpack *in)
{
    struct parse *const parse = run->own;
    parse->produced += unpack_u64(in);
    parse->format.repair.repaired += unpack_u64(in);
    return !in->broken;
}

static const struct ranges ranges = {
    .singly = true,
    .bulky = true,
    .hand_over = hand_over,
    .add = add,
};

static const struct analysis analysis = {
    .amend = amend,
    .event = event,
    .save = save,
    .load = load,
    .stats = stats,
    .explain = explain,
    .ranges = &ranges,
};

static const struct analysis in_frames = {
    .amend = amend,
    .event = event,
    .passed = passed,
    .flush = flush,
    .stats = stats,
    .explain = explain,
    .ranges = &ranges,
};

static const struct analysis *start(struct run *run)
{
    struct parse *const parse = memory_zero(1, sizeof(*parse));
    struct format *const format = &parse->format;

    run->own = parse;
    format_options_apply(&given, format);
    if (keep_frame && option_given("key"))
        die_usage("--keep-frame and --key both put something before the event: use one of them");
    if (keep_frame && option_given("max-jump"))
        die_usage("--max-jump: an event that waits would leave its frame: not with --keep-frame");
    repair_options(&format->repair, &repairs);
    map_set(format, map_text, &map_files);
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&run->schema, run->schema.name[slot]);
    members_rename(&run->schema, "rename", &renames);
    changes_start(&parse->changes, &changes, &run->schema);
    if (only_pages) pages_want(&parse->pages, &run->schema);
    if (format->map == NULL)
        format_want_member(format, &run->schema, slice_of(run->settings.time_field));
    parse->translator = (struct translator){
        .self = format,
        .begin = format_begin,
        .waits = format_waits,
        .whole = format_whole,
        .lineless = format_lineless,
        .by_line = format_by_line,
        .in_doubt = format_in_doubt,
        .go_on = format_go_on,
        .guess = format_guess,
        .split = format_split,
        .lacks = format_lacks,
        .translate = format_translate,
        .ahead = format->map == NULL ? NULL : format_ahead,
        .payload = format_payload,
        .closed = format_closed,
        .save = format_save,
        .load = format_load,
        .end = format_end,
    };
    if (format->from != FORMAT_NDJSON || format->map != NULL || format->repair.wanted != 0)
        run->translator = &parse->translator;
    return keep_frame ? &in_frames : &analysis;
}

static const struct tool tool = {
    .name = "cs-parse",
    .summary = "make canonical events of raw records",
    .options = options,
    .flags = TOOL_ALL_MEMBERS | TOOL_NO_TIME_RULES | TOOL_EVENTS,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
