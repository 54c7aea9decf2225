/*
 * cs-parse - raw records in, canonical events out.
 *
 * The formats are in format.h, the printed object in canonical.h, what the options change about an
 * event in recode.h and made_id.h. What is here: the options, and in which order they act.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "event/members.h"
#include "raw/canonical.h"
#include "raw/format_options.h"
#include "raw/kept.h"
#include "raw/made_id.h"
#include "raw/map.h"
#include "raw/recode.h"
#include "run/tool.h"

static int from;
static const char *log_format;
static const char *header;
static bool no_quotes;
static const char *null_text;
static const char *delimiter;
static const char *comment;
static bool preamble;
static const char *map_text;
static const char *map_file;
static struct option_list renames;
static struct option_list recodes;
static struct option_list id_from;
static bool keep_frame;

static const struct option_row options[] = {
    {.name = "from",
     .type = OPTION_CHOICE,
     .target = &from,
     .words = "auto|ndjson|csv|tsv|combined|json",
     .help = "the input's format; auto looks at how it begins"},
    {.name = "log-format",
     .type = OPTION_TEXT,
     .target = &log_format,
     .argument = "FORMAT",
     .help = "lines of a log, as nginx's log_format or Apache's LogFormat says"},
    {.name = "header",
     .type = OPTION_TEXT,
     .target = &header,
     .argument = "NAME,...",
     .help = "the columns' names, for CSV and TSV without a header line"},
    {.name = "no-quotes",
     .type = OPTION_FLAG,
     .target = &no_quotes,
     .help = "a quote in CSV and TSV is an ordinary character"},
    {.name = "delimiter",
     .type = OPTION_TEXT,
     .target = &delimiter,
     .argument = "C",
     .help = "what stands between the columns of CSV: one character, or \\t"},
    {.name = "null",
     .type = OPTION_TEXT,
     .target = &null_text,
     .argument = "TEXT",
     .help = "a value in CSV and TSV that means null, NULL for example"},
    {.name = "comment",
     .type = OPTION_TEXT,
     .target = &comment,
     .argument = "TEXT",
     .help = "lines that begin with TEXT are no records"},
    {.name = "preamble",
     .type = OPTION_FLAG,
     .target = &preamble,
     .help = "CSV and TSV: skip what stands before the header line"},
    {.name = "map",
     .type = OPTION_TEXT,
     .target = &map_text,
     .argument = "JQ",
     .help = "run this jq program on each record; its outputs are the events"},
    {.name = "map-file",
     .type = OPTION_TEXT,
     .target = &map_file,
     .argument = "FILE",
     .help = "the same, with the program in FILE"},
    {.name = "rename",
     .type = OPTION_LIST,
     .target = &renames,
     .argument = "NEW=OLD,...",
     .help = "read the input's member OLD as NEW"},
    {.name = "recode",
     .type = OPTION_LIST,
     .target = &recodes,
     .argument = "FIELD:old=new,...",
     .help = "change these values of FIELD; others stay"},
    {.name = "id-from",
     .type = OPTION_LIST,
     .target = &id_from,
     .argument = "F,...",
     .help = "make session_id from these members"},
    {.name = "keep-frame",
     .type = OPTION_FLAG,
     .target = &keep_frame,
     .help = "print events in frames of kcat-sized: each record's in one"},
    OPTION_END,
};

struct parse {
    struct format format;
    struct translator translator;
    struct recode_list words;   /* --recode */
    struct made_id session_id;  /* --id-from */
    bool time_elsewhere;        /* --time-field: event_time need not be the time */
    struct canonical_line made; /* of the event looked at last */
    uint64_t changed;           /* slots of members in its rest that --recode has changed */
    struct kept kept;           /* --keep-frame */
    uint64_t produced;
};

static enum reason amend(struct run *run, struct event *ev)
{
    struct parse *const parse = run->own;
    if (keep_frame && ev->offset < 0) return REASON_BAD_FRAME;
    if (parse->time_elsewhere || !instant_is_usual(ev->value[SLOT_EVENT_TIME]))
        canonical_line_time(&parse->made, ev);
    parse->changed = parse->words.count == 0 ? 0 : recode_event(&parse->words, ev);
    if (ev->value[SLOT_EVENT_TYPE].kind == KIND_NULL) return REASON_NO_TYPE;
    if (parse->session_id.count > 0) {
        ev->value[SLOT_SESSION_ID] = made_id_value(&parse->session_id, ev);
        ev->recast = true;
    }
    if (run->schema.whole && !ev->canonical)
        canonical_line_make(&parse->made, &run->schema, ev, parse->changed);
    return REASON_NONE;
}

static enum fate event(struct run *run, const struct event *ev)
{
    struct parse *const parse = run->own;
    const bool as_it_is = run->schema.whole || ev->canonical;
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
        canonical_print(out, &run->schema, ev, parse->changed);
    if (!keep_frame) rows_raw_end(run->rows, ev, &run->schema);
    return FATE_USED;
}

static void flush(struct run *run)
{
    struct parse *const parse = run->own;
    kept_flush(&parse->kept, run->rows);
}

static void stats(struct run *run, struct buffer *out)
{
    const struct parse *const parse = run->own;
    buffer_printf(out, ",\"produced\":%" PRIu64, parse->produced);
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
    recode_release(&parse->words);
    made_id_release(&parse->session_id);
    canonical_line_release(&parse->made);
    kept_release(&parse->kept);
    free(parse);
}

/* What a range of --jobs hands over, and the next one does not. */
static void hand_over(struct run *run, struct buffer *out)
{
    struct parse *const parse = run->own;
    pack_u64(out, parse->produced);
    parse->produced = 0;
}

static bool add(struct run *run, struct unpack *in)
{
    struct parse *const parse = run->own;
    parse->produced += unpack_u64(in);
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
    .flush = flush,
    .stats = stats,
    .explain = explain,
    .ranges = &ranges,
};

/* The format, as its options say. */
static void start_format(struct format *format)
{
    const struct format_options given = {
        .from = (enum format_kind)from,
        .log_format = log_format,
        .header = header,
        .delimiter = delimiter,
        .null_text = null_text,
        .no_quotes = no_quotes,
        .comment = comment,
        .preamble = preamble,
    };
    format_options_apply(&given, format);
}

static const struct analysis *start(struct run *run)
{
    struct parse *const parse = memory_zero(1, sizeof(*parse));
    struct format *const format = &parse->format;

    run->own = parse;
    start_format(format);
    if (keep_frame && option_given("key"))
        die_usage("--keep-frame and --key both put something before the event: use one of them");
    if (keep_frame && option_given("max-jump"))
        die_usage("--max-jump: an event that waits would leave its frame: not with --keep-frame");
    if (map_text != NULL || map_file != NULL) map_set(format, map_text, map_file);
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&run->schema, run->schema.name[slot]);
    members_rename(&run->schema, "rename", &renames);
    recode_options(&parse->words, &recodes, &run->schema);
    parse->session_id.count =
        members_need(&run->schema, "id-from", &id_from, parse->session_id.slot);
    parse->time_elsewhere = option_given("time-field");
    if (format->map == NULL)
        format_want_member(format, &run->schema, slice_of(run->settings.time_field));
    run->schema.as_is =
        parse->words.count == 0 && parse->session_id.count == 0 && !parse->time_elsewhere;
    parse->translator = (struct translator){
        .self = format,
        .begin = format_begin,
        .whole = format_whole,
        .lineless = format_lineless,
        .by_line = format_by_line,
        .split = format_split,
        .translate = format_translate,
        .payload = format_payload,
        .end = format_end,
    };
    if (format->from != FORMAT_NDJSON || format->map != NULL) run->translator = &parse->translator;
    return &analysis;
}

static const struct tool tool = {
    .name = "cs-parse",
    .summary = "make canonical events of raw records",
    .options = options,
    .flags = TOOL_ALL_MEMBERS | TOOL_NO_TIME_RULES,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
