/*
 * cs-parse - raw records in, canonical events out.
 *
 * The formats are in format.h, the printed object in canonical.h. What is here: the options, and
 * what the options change about an event before it is judged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/id.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/list.h"
#include "expr/expr.h"
#include "raw/canonical.h"
#include "raw/derive.h"
#include "raw/event_hash.h"
#include "raw/format.h"
#include "raw/mapfile.h"
#include "raw/page.h"
#include "raw/recode.h"
#include "run/tool.h"

static int from;
static const char *log_format;
static const char *header;
static bool no_quotes;
static const char *null_text;
static const char *delimiter;
static const char *map_text;
static struct option_list map_files;
static struct option_list renames;
static struct option_list recodes;
static struct option_list id_from;
static struct option_list event_id_from;
static struct option_list repairs;
static struct option_list derive_items;
static struct option_list own_hosts;
static const char *lists;
static bool only_pages;
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
    {.name = "repair",
     .type = OPTION_LIST,
     .target = &repairs,
     .argument = "utf8,escapes",
     .help = "mend records that are nearly right, and count them"},
    {.name = "map",
     .type = OPTION_TEXT,
     .target = &map_text,
     .argument = "JQ",
     .help = "run this jq program on each record; its outputs are the events"},
    {.name = "map-file",
     .type = OPTION_LIST,
     .target = &map_files,
     .argument = "FILE",
     .help = "the same, from FILE or the map of that name; repeatable, in order"},
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
    {.name = "event-id-from",
     .type = OPTION_LIST,
     .target = &event_id_from,
     .argument = "F,...",
     .help = "make event_id of these members, for --dedup"},
    {.name = "derive",
     .type = OPTION_LIST,
     .target = &derive_items,
     .argument = "ITEM,...",
     .help = "fill device_type, bot, traffic_source, campaign_id; cut ip; all"},
    {.name = "own-host",
     .type = OPTION_LIST,
     .target = &own_hosts,
     .argument = "HOST,...",
     .help = "referrers of these hosts are internal, too"},
    {.name = "lists",
     .type = OPTION_TEXT,
     .target = &lists,
     .argument = "DIR",
     .help = "where --derive finds bots.txt and referrers.txt"},
    {.name = "pages",
     .type = OPTION_FLAG,
     .target = &only_pages,
     .help = "leave out page views that are no pages: files, errors, redirects"},
    {.name = "keep-frame",
     .type = OPTION_FLAG,
     .target = &keep_frame,
     .help = "print PARTITION, OFFSET and tabs before each event, as they came"},
    OPTION_END,
};

static struct format format;
static const struct translator translator = {
    .self = &format,
    .begin = format_begin,
    .whole = format_whole,
    .lineless = format_lineless,
    .split = format_split,
    .translate = format_translate,
    .end = format_end,
};
static struct recode_list words;
static int id_slot[SCHEMA_MAX]; /* --id-from */
static int id_slots;
static struct derive derive;
static struct pages pages;
static struct event_hash event_hash; /* --event-id-from */
static bool time_elsewhere;          /* --time-field: event_time need not be the time */
static char time_text[INSTANT_TEXT_MAX];
static char id_text[2 * sizeof(struct id)]; /* the session_id made, in hex */
static struct buffer id_bytes;              /* what it is made of */
static struct buffer row;                   /* the event as printed, where --where has to see it */
static uint64_t changed; /* slots of members behind the canonical ones that are not as they came */
static uint64_t produced;

static int need(struct run *run, struct slice name, const char *option)
{
    const int slot = schema_need(&run->schema, name);
    if (slot < 0) die_usage("--%s: more than %d members are read", option, SCHEMA_MAX);
    return slot;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What a map makes the time of nobody knows; but it reads some column by name, `.name` or "name",
 * or all of them. */
static void want_map(const char *program)
{
    static const char *const all[] = {".[",    "..",         "entries", "keys",
                                      "paths", "map_values", "tojson"};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strstr(program, all[i]) != NULL) return;
    for (const char *at = program; *at != '\0'; at++) {
        const char *behind = at + 1;
        if (*at != '.' && *at != '"') continue;
        if (*at == '"')
            behind += strcspn(behind, "\"");
        else
            while (is_name(*behind))
                behind++;
        const struct slice name = {.text = at + 1, .len = (size_t)(behind - at - 1)};
        if (name.len > 0) format_want(&format, name);
        at = *at == '"' && *behind != '\0' ? behind : behind - 1;
    }
}

static void start_map(void)
{
    struct buffer text = {0};
    struct buffer why = {0};

    if (map_text != NULL && map_files.count > 0)
        die_usage("--map and --map-file are two ways to give one program: use one of them");
    const char *option = map_text != NULL ? "map" : "map-file";
    if (map_text != NULL)
        buffer_add(&text, map_text, strlen(map_text));
    else
        mapfile_read(&text, &map_files);
    buffer_add_char(&text, '\0');
    struct map_program *map = map_compile(text.data, &why);
    if (map == NULL) die_usage("--%s: %.*s", option, (int)why.len, why.data);
    format_set_map(&format, map);
    want_map(text.data);
    buffer_release(&text);
    buffer_release(&why);
}

static void start_renames(struct run *run)
{
    struct list pairs = {0};

    option_items(&pairs, "rename", &renames, LIST_PAIRS);
    for (size_t i = 0; i < pairs.count; i++) {
        const struct list_item *pair = &pairs.item[i];
        if (pair->name.len == 0 || pair->value.len == 0)
            die_usage("--rename: '%s=%s' lacks a name", pair->name.text, pair->value.text);
        schema_rename(&run->schema, pair->name, pair->value);
    }
    list_release(&pairs);
}

static void start_recodes(struct run *run)
{
    for (size_t i = 0; i < recodes.count; i++) {
        const char *problem = recode_add(&words, recodes.text[i]);
        if (problem != NULL) option_refuse_list("recode", recodes.text[i], problem);
    }
    for (size_t i = 0; i < words.count; i++) {
        struct recode *recode = &words.recode[i];
        recode->slot = need(run, recode->name, "recode");
        if (recode->slot == SLOT_EVENT_TIME)
            die_usage("--recode: event_time is a time, not a word (use --map)");
        /* An expression may want the line: then it has to be the one with the new word. */
        if (recode->slot >= SLOT_CANONICAL && option_given("where")) run->schema.whole = true;
    }
}

static void start_id_from(struct run *run)
{
    struct list names = {0};

    option_items(&names, "id-from", &id_from, LIST_NAMES);
    if (names.count > SCHEMA_MAX) die_usage("--id-from: more than %d members", SCHEMA_MAX);
    for (size_t i = 0; i < names.count; i++)
        id_slot[id_slots++] = need(run, names.item[i].name, "id-from");
    list_release(&names);
}

/* What a header line has to name: the time, under the name the input has for it. */
static void want_time(struct run *run)
{
    if (format.map != NULL) return;
    const struct slice time = slice_of(run->settings.time_field);
    bool renamed = false;

    for (size_t i = 0; i < run->schema.alias_count; i++) {
        const struct schema_alias *alias = &run->schema.alias[i];
        if (slice_equal(alias->name, time)) format_want(&format, alias->old);
        if (slice_equal(alias->old, time)) renamed = true;
    }
    if (!renamed) format_want(&format, time);
}

static bool maybe_columns(void)
{
    return from == FORMAT_AUTO || from == FORMAT_CSV || from == FORMAT_TSV;
}

/* --delimiter; 0: as the format has it. */
static char separator(void)
{
    if (delimiter == NULL) return '\0';
    if (from != FORMAT_AUTO && from != FORMAT_CSV) die_usage("--delimiter is for CSV");
    const char c = strcmp(delimiter, "\\t") == 0 ? '\t' : *delimiter;
    if (c == '\0' || (c == *delimiter && delimiter[1] != '\0') || (unsigned char)c >= 0x80 ||
        strchr("\"\r\n", c) != NULL)
        die_usage("--delimiter: '%s' is not one character of ASCII that may stand between columns",
                  delimiter);
    from = FORMAT_CSV;
    return c;
}

/* The line with another event_time in it. */
static struct slice line_with_time(struct slice line, struct slice old, struct slice new)
{
    const char *behind = old.text + old.len;

    buffer_clear(&row);
    buffer_add(&row, line.text, (size_t)(old.text - line.text));
    buffer_add_slice(&row, new);
    buffer_add(&row, behind, (size_t)(line.text + line.len - behind));
    return buffer_slice(&row);
}

/* The time as it is printed; mostly that is how it came. */
static void normalise_time(struct event *ev)
{
    struct value *value = &ev->value[SLOT_EVENT_TIME];
    if (!time_elsewhere && instant_is_usual(*value)) return;
    const size_t len = instant_write(time_text, ev->time_us);
    const struct slice text = {.text = time_text, .len = len};

    if (value->kind == KIND_STRING && slice_equal(value_slice(*value), text)) return;
    if (ev->canonical)
        ev->line = line_with_time(ev->line, value_slice(*value), text);
    else
        ev->recast = true;
    *value = value_string(text);
}

static void recode_event(struct event *ev)
{
    for (size_t i = 0; i < words.count; i++) {
        struct recode *recode = &words.recode[i];
        struct value *value = &ev->value[recode->slot];
        const struct value new = recode_value(recode, *value);
        if (new.text == value->text) continue;
        *value = new;
        ev->recast = true;
        if (recode->slot >= SLOT_CANONICAL) changed |= UINT64_C(1) << recode->slot;
    }
}

/* Each value with its length before it, so that ("a", "bc") and ("ab", "c") differ; null has a
 * length of its own. Equal strings give equal ids however they were escaped, and so does a number
 * written as one. */
static struct value make_id(const struct event *ev)
{
    static const char hex[] = "0123456789abcdef";
    bool any = false;

    buffer_clear(&id_bytes);
    for (int i = 0; i < id_slots; i++) {
        const struct value value = ev->value[id_slot[i]];
        if (value.kind == KIND_NULL) {
            pack_u32(&id_bytes, UINT32_MAX);
            continue;
        }
        any = true;
        const size_t begin = id_bytes.len;
        pack_text(&id_bytes, value_slice(value));
        if (value.kind != KIND_STRING || !value.escaped) continue;
        const size_t inside = begin + sizeof(uint32_t);
        char *plain = id_bytes.data + inside;
        const size_t len = json_unescape(plain, (struct slice){.text = plain, .len = value.len});
        id_bytes.len = begin;
        pack_u32(&id_bytes, (uint32_t)len);
        id_bytes.len += len;
    }
    if (!any) return VALUE_NULL;
    const struct id id = id_of(buffer_slice(&id_bytes));
    for (size_t i = 0; i < sizeof(id_text); i++) {
        const uint64_t half = i < 16 ? id.high : id.low;
        id_text[i] = hex[half >> (60 - 4 * (i % 16)) & 15];
    }
    return value_string((struct slice){.text = id_text, .len = sizeof(id_text)});
}

static enum reason amend(struct run *run, struct event *ev)
{
    if (keep_frame && ev->offset < 0) return REASON_BAD_FRAME;
    changed = 0;
    normalise_time(ev);
    if (words.count > 0) recode_event(ev);
    if (ev->value[SLOT_EVENT_TYPE].kind == KIND_NULL) return REASON_NO_TYPE;
    if (id_slots > 0) {
        ev->value[SLOT_SESSION_ID] = make_id(ev);
        ev->recast = true;
    }
    if (derive.items != 0) changed |= derive_event(&derive, ev);
    if (event_hash.count > 0) event_hash_set(&event_hash, ev);
    if (run->schema.whole && !ev->canonical) {
        buffer_clear(&row);
        canonical_print(&row, &run->schema, ev, changed);
        ev->line = buffer_slice(&row);
        ev->recast = false;
    }
    return REASON_NONE;
}

static enum fate event(struct run *run, const struct event *ev)
{
    const bool as_it_is = run->schema.whole || ev->canonical;
    if (pages.wanted && !pages_keep(&pages, ev)) return FATE_FILTERED;
    produced++;
    if (as_it_is && !keep_frame) {
        rows_line(run->rows, ev, &run->schema);
        return FATE_USED;
    }
    struct buffer *out = rows_raw_begin(run->rows);
    if (keep_frame) {
        buffer_add_int(out, partition_number(ev->partition));
        buffer_add_char(out, '\t');
        buffer_add_int(out, ev->offset);
        buffer_add_char(out, '\t');
    }
    if (as_it_is) {
        buffer_add_slice(out, ev->line);
    } else {
        canonical_print(out, &run->schema, ev, changed);
    }
    rows_raw_end(run->rows, ev, &run->schema);
    return FATE_USED;
}

static void stats(struct run *run, struct buffer *out)
{
    (void)run;
    buffer_printf(out, ",\"produced\":%" PRIu64 ",\"repaired\":%" PRIu64, produced,
                  format.repair.repaired);
}

static void explain(struct run *run, struct buffer *out)
{
    (void)run;
    if (format.map != NULL) buffer_add_literal(out, "map      libjq, on every record\n");
}

static void release(struct run *run)
{
    (void)run;
    format_release(&format);
    mapfile_release();
    recode_release(&words);
    derive_release(&derive);
    pages_release(&pages);
    event_hash_release(&event_hash);
    buffer_release(&id_bytes);
    buffer_release(&row);
}

/* What a range of --jobs hands over, and the next one does not. */
static void hand_over(struct run *run, struct buffer *out)
{
    (void)run;
    pack_u64(out, produced);
    pack_u64(out, format.repair.repaired);
    produced = 0;
    format.repair.repaired = 0;
}

static bool add(struct run *run, struct unpack *in)
{
    (void)run;
    produced += unpack_u64(in);
    format.repair.repaired += unpack_u64(in);
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
    .stats = stats,
    .explain = explain,
    .ranges = &ranges,
};

/* What the options say of the format. */
static void start_format(void)
{
    const char between = separator(); /* may settle what --from is */
    const struct csv csv = {
        .separator = between,
        .literal = no_quotes,
        .null = {.text = null_text, .len = null_text == NULL ? 0 : strlen(null_text)}};
    format_init(&format, (enum format_kind)from, &csv);
    if (log_format != NULL) {
        if (from != FORMAT_AUTO) die_usage("--from and --log-format both say the input's format");
        const char *problem = format_set_log(&format, slice_of(log_format));
        if (problem != NULL) die_usage("--log-format: %s", problem);
        from = (int)format.from;
    }
    if (header != NULL) {
        if (!maybe_columns()) die_usage("--header is for CSV and TSV");
        const char *problem = format_name_columns(&format, slice_of(header));
        if (problem != NULL) die_usage("--header: %s", problem);
    }
    if (no_quotes && !maybe_columns()) die_usage("--no-quotes is for CSV and TSV");
    if (null_text != NULL && !maybe_columns()) die_usage("--null is for CSV and TSV");
}

static const struct analysis *start(struct run *run)
{
    start_format();
    repair_options(&format.repair, &repairs);
    if (keep_frame && option_given("key"))
        die_usage("--keep-frame and --key both put something before the event: use one of them");
    if (map_text != NULL || map_files.count > 0) start_map();
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&run->schema, run->schema.name[slot]);
    start_renames(run);
    start_recodes(run);
    start_id_from(run);
    derive_options(&derive, &derive_items, &own_hosts, lists, &run->schema);
    if (only_pages) pages_want(&pages, &run->schema);
    event_hash_options(&event_hash, &event_id_from, &run->schema);
    time_elsewhere = option_given("time-field");
    want_time(run);
    run->schema.as_is = words.count == 0 && id_slots == 0 && event_hash.count == 0 &&
                        derive.items == 0 && !time_elsewhere;
    if (from != FORMAT_NDJSON || format.map != NULL || format.repair.wanted != 0)
        run->translator = &translator;
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
