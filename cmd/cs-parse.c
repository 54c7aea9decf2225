/*
 * cs-parse - raw records in, canonical events out.
 *
 * The formats are in format.h, what the options make of a record and its events in parsing.h. What
 * is here: the frames that events may stay in, the files they are split over, and the counters.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/memory.h"
#include "base/partitioner.h"
#include "raw/format_options.h"
#include "raw/kept.h"
#include "run/parsing.h"
#include "run/tool.h"
#include "writer/split.h"

static struct format_options given_format;
static struct parsing_options given_parsing;
static bool keep_frame;
static const char *split_text, *split_dir;
static int partitioner = PARTITIONER_MURMUR2;

static const struct option_row options[] = {
    FORMAT_OPTION_ROWS(&given_format),
    PARSING_OPTION_ROWS(&given_parsing),
    {.name = "keep-frame",
     .type = OPTION_FLAG,
     .target = &keep_frame,
     .help = "print events in frames of kcat-sized: each record's in one"},
    {.name = "split",
     .type = OPTION_TEXT,
     .target = &split_text,
     .argument = "N:FIELD",
     .help = "events go to N files, each id's to one, as to N partitions of a topic"},
    {.name = "split-dir",
     .type = OPTION_TEXT,
     .target = &split_dir,
     .argument = "DIR",
     .help = "the directory of these files: made when all of them are complete"},
    {.name = "partitioner",
     .type = OPTION_CHOICE,
     .target = &partitioner,
     .words = PARTITIONER_WORDS,
     .help = "which file an id goes to: as Java's producers have it, or as librdkafka's"},
    OPTION_END,
};

struct parse {
    struct parsing parsing;
    struct kept kept; /* --keep-frame */
    /* --split: the files, the member that they are told apart by, and its text. */
    struct split split;
    uint32_t split_count;
    int split_slot;
    struct buffer split_key;
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

/* Not before there is something to be read: inputs may be missing. */
static void split_begin(struct parse *parse)
{
    if (parse->split.dir == NULL)
        split_open(&parse->split, split_dir, parse->split_count, (enum partitioner)partitioner);
}

/* The key is the one that --key prints, so that a topic would have been split in the same way. */
static enum fate split_event(struct run *run, const struct event *ev)
{
    struct parse *const parse = run->own;
    if (!parsing_wants(&parse->parsing, ev)) return FATE_FILTERED;
    split_begin(parse);
    buffer_clear(&parse->split_key);
    value_print_key(&parse->split_key, ev->value[parse->split_slot]);
    struct buffer *const out = split_row(&parse->split, buffer_slice(&parse->split_key));
    parsing_print(&parse->parsing, run, ev, out);
    split_row_end(&parse->split);
    rows_elsewhere(run->rows);
    return FATE_USED;
}

/* Some of the files would be right, and nobody could say which. */
static void split_end(struct run *run)
{
    struct parse *const parse = run->own;
    split_begin(parse);
    if (run->cut_short == NULL) {
        split_publish(&parse->split);
        return;
    }
    split_drop(&parse->split);
    run->failed = true;
    message("--split: %s: %s was not made", run->cut_short, split_dir);
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
    if (parse->split.dir != NULL) split_release(&parse->split);
    buffer_release(&parse->split_key);
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

static const struct analysis split_up = {
    .amend = amend,
    .event = split_event,
    .end = split_end,
    .stats = stats,
    .explain = explain,
};

/* --split=N:FIELD. */
static void split_read(struct parse *parse, struct run *run)
{
    static const char *const others[] = {"keep-frame", "key",  "pad",   "output",        "state",
                                         "spool",      "jobs", "range", "merge-partials"};
    char *end;
    const long count = strtol(split_text, &end, 10);
    if (end == split_text || *end != ':' || end[1] == '\0' || count < 1 || count > SPLIT_MAX)
        die_usage("--split: '%s' is not N:FIELD, as 12:session_id is, with an N of 1 to %d",
                  split_text, SPLIT_MAX);
    if (split_dir == NULL || *split_dir == '\0') die_usage("--split: in which --split-dir?");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (option_given(others[i]))
            die_usage("--split: writes whole files in one pass: not with --%s", others[i]);
    split_check(split_dir);
    parse->split_count = (uint32_t)count;
    parse->split_slot = schema_need(&run->schema, slice_of(end + 1));
    if (parse->split_slot < 0) die_usage("--split: too many members are looked at");
}

static const struct analysis *analysis_of(struct parse *parse, struct run *run)
{
    if (split_text != NULL) {
        split_read(parse, run);
        return &split_up;
    }
    if (split_dir != NULL || option_given("partitioner"))
        die_usage("--%s: is for --split", split_dir != NULL ? "split-dir" : "partitioner");
    return keep_frame ? &in_frames : &analysis;
}

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
    return analysis_of(parse, run);
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
