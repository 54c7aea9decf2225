/*
 * cs-parse - raw records in, canonical events out.
 *
 * The formats are in format.h, what the options make of a record and its events in parsing.h. What
 * is here: the frames that events may stay in, and the counters.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/memory.h"
#include "raw/format_options.h"
#include "raw/kept.h"
#include "run/parsing.h"
#include "run/tool.h"

static struct format_options given_format;
static struct parsing_options given_parsing;
static bool keep_frame;

static const struct option_row options[] = {
    FORMAT_OPTION_ROWS(&given_format),
    PARSING_OPTION_ROWS(&given_parsing),
    {.name = "keep-frame",
     .type = OPTION_FLAG,
     .target = &keep_frame,
     .help = "print events in frames of kcat-sized: each record's in one"},
    OPTION_END,
};

struct parse {
    struct parsing parsing;
    struct kept kept; /* --keep-frame */
};

static enum reason amend(struct run *run, struct event *ev)
{
    struct parse *const parse = run->own;
    if (keep_frame && ev->offset < 0) return REASON_BAD_FRAME;
    return parsing_amend(&parse->parsing, run, ev);
}

static enum fate event(struct run *run, const struct event *ev)
{
    struct parse *const parse = run->own;
    if (!parsing_wants(&parse->parsing, ev)) return FATE_FILTERED;
    if (parsing_line(run, ev) && !keep_frame) {
        rows_line(run->rows, ev, &run->schema);
        return FATE_USED;
    }
    struct buffer *out = keep_frame ? kept_event(&parse->kept, run->rows,
                                                 partition_number(ev->partition), ev->offset)
                                    : rows_raw_begin(run->rows);
    parsing_print(&parse->parsing, run, ev, out);
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
    buffer_printf(out, ",\"produced\":%" PRIu64 ",\"repaired\":%" PRIu64, parse->parsing.produced,
                  parse->parsing.format.repair.repaired);
}

static void save(struct run *run, struct buffer *out)
{
    const struct parse *const parse = run->own;
    pack_u64(out, parse->parsing.produced);
    pack_u64(out, parse->parsing.format.repair.repaired);
}

static bool load(struct run *run, struct unpack *in)
{
    struct parse *const parse = run->own;
    parse->parsing.produced = unpack_u64(in);
    parse->parsing.format.repair.repaired = unpack_u64(in);
    return !in->broken;
}

static void explain(struct run *run, struct buffer *out)
{
    const struct parse *const parse = run->own;
    if (parse->parsing.format.map != NULL)
        buffer_add_literal(out, "map      libjq, on every record\n");
}

static void release(struct run *run)
{
    struct parse *const parse = run->own;
    parsing_release(&parse->parsing);
    kept_release(&parse->kept);
    free(parse);
}

/* What a range of --jobs hands over, and the next one does not. */
static void hand_over(struct run *run, struct buffer *out)
{
    struct parse *const parse = run->own;
    save(run, out);
    parse->parsing.produced = parse->parsing.format.repair.repaired = 0;
}

static bool add(struct run *run, struct unpack *in)
{
    struct parse *const parse = run->own;
    parse->parsing.produced += unpack_u64(in);
    parse->parsing.format.repair.repaired += unpack_u64(in);
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

    run->own = parse;
    format_options_apply(&given_format, &parse->parsing.format);
    if (keep_frame && option_given("key"))
        die_usage("--keep-frame and --key both put something before the event: use one of them");
    if (keep_frame && option_given("max-jump"))
        die_usage("--max-jump: an event that waits would leave its frame: not with --keep-frame");
    parsing_start(&parse->parsing, &given_parsing, run);
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
