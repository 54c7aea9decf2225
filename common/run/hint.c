#include "run/hint.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "raw/foreign.h"
#include "run/common_options.h"
#include "run/hint_inside.h"
#include "run/signals.h"
#include "run/summary.h"

/* So much of how an input begins is kept. */
#define HEAD_BYTES ((size_t)4 << 10)

/* From so many events on it is said early that one in LATE_SHARE was late. */
#define LATE_EVENTS 100000
#define LATE_SHARE 10

/* From this lateness on sessions cannot be cut after the 24 hours of cs-sessionize. */
#define CUT_LATENESS_US (INT64_C(23) * 3600 * 1000000)

/* A run that was stopped says that events were late where one in so many was. */
#define STOPPED_SHARE 100

/* So few refused records need no sum: without --rejects each was told of when it came (reject.c).
 */
#define REFUSED_TOLD 5

/* Of why an expression failed, where libjq shows all of an event. */
#define REASON_BYTES ((size_t)200)

/* So many inputs that look like something else are told of. */
#define FOREIGN_TOLD 5

void hint_count_add(struct buffer *out, uint64_t count)
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) buffer_add_char(out, ',');
        buffer_add_char(out, digits[i]);
    }
}

/* "none of 500 events had a value". */
void hint_none_add(struct buffer *out, uint64_t events, const char *article, const char *what)
{
    if (events == 1) {
        buffer_printf(out, "the only event had no %s", what);
        return;
    }
    buffer_add_literal(out, "none of ");
    hint_count_add(out, events);
    buffer_printf(out, " events had %s %s", article, what);
}

/* "5 of 1,000 WHAT" */
static void share_add(struct buffer *out, uint64_t part, uint64_t whole, const char *what)
{
    hint_count_add(out, part);
    buffer_add_literal(out, " of ");
    hint_count_add(out, whole);
    buffer_printf(out, " %s", what);
}

bool hint_is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.text[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '/' &&
            (c != '-' || i == 0))
            return false;
    }
    return text.len != 0;
}

static size_t told_count; /* hints */

void hint_tell(struct buffer *text)
{
    told_count++;
    message("%.*s", (int)text->len, text->data);
    buffer_release(text);
}

static bool only_files(const struct loop *l)
{
    for (int i = 0; i < l->inputs.count; i++)
        if (!l->inputs.input[i].regular) return false;
    return true;
}

/* --- late --- */

/* Adds a length of time that is not shorter, in numbers that are easily read. */
static void duration_add_round(struct buffer *out, int64_t duration_us)
{
    static const struct {
        int64_t from_us, unit_us;
    } steps[] = {
        {INT64_C(864000000000), INT64_C(86400000000)}, /* from ten days on, days */
        {INT64_C(36000000000), INT64_C(3600000000)},   /* from ten hours on, hours */
        {INT64_C(600000000), INT64_C(60000000)},       /* from ten minutes on, minutes */
        {INT64_C(1000000), INT64_C(1000000)},          {INT64_C(0), INT64_C(1000)},
    };
    size_t i = 0;
    while (duration_us < steps[i].from_us)
        i++;
    const int64_t unit_us = steps[i].unit_us;
    duration_print(out, (duration_us + unit_us - 1) / unit_us * unit_us);
}

/* Adds the --lateness that would have been enough, with what stands around it; nothing where it is
 * not the reason. */
static void lateness_add(struct loop *l, struct buffer *out, const char *behind)
{
    const int64_t enough_us = l->stats.disorder_us;
    if (enough_us <= l->run.settings.lateness_us) return; /* --idle or --flush has closed early */
    buffer_add_literal(out, "; --lateness=");
    duration_add_round(out, enough_us);
    /* Sessions are cut only where what is late cannot join two of them. */
    if (option_known("max-duration") && enough_us >= CUT_LATENESS_US)
        buffer_add_literal(out, " --max-duration=none");
    buffer_printf(out, " %s", behind);
}

void hint_early(struct loop *l)
{
    if (__builtin_expect(l->stats.late < LATE_EVENTS / LATE_SHARE, 1)) return;
    const uint64_t late = l->stats.late - l->before.late, read = l->stats.read - l->before.read;
    if (l->late_told || l->in_range || read < LATE_EVENTS || late < read / LATE_SHARE) return;
    l->late_told = true;
    if (!only_files(l)) return;
    struct buffer text = {0};
    share_add(&text, late, read, "events were late so far");
    lateness_add(l, &text, "would have lost none of them");
    hint_tell(&text);
}

static void late_tell(struct loop *l, uint64_t read)
{
    const uint64_t late = l->stats.late - l->before.late;
    if (late == 0 || (stop_signal != 0 && late < read / STOPPED_SHARE)) return;
    struct buffer text = {0};
    share_add(&text, late, read, late == 1 ? "events was late" : "events were late");
    lateness_add(l, &text, "would have lost none");
    hint_tell(&text);
}

/* --- what the input looks like --- */

bool hint_is_parser(const struct loop *l)
{
    return (l->tool->flags & TOOL_ALL_MEMBERS) != 0;
}

/* Adds the command that comes in front of this one: of a file, or of what comes from one more. */
static void way_add(const struct loop *l, struct buffer *out, const char *name, const char *way)
{
    const bool is_standard = strcmp(name, "-") == 0;
    const char *const shown = hint_is_plain(slice_of(name)) ? name : "FILE";
    buffer_printf(out, ": %s%s%s%s | %s ...", is_standard ? "... | " : "", way,
                  is_standard ? "" : " ", is_standard ? "" : shown, l->tool->name);
}

/* Adds what the input looks like, and how it is to be read. */
static void foreign_add(const struct loop *l, struct buffer *out, const char *name,
                        const struct foreign *foreign)
{
    static const char parser[] = "cs-parse ";
    const char *const way = foreign->way;
    const bool is_standard = strcmp(name, "-") == 0,
               parsed = way != NULL && memcmp(way, parser, sizeof parser - 1) == 0;
    buffer_printf(out, "%s looks like %s", is_standard ? "standard input" : name, foreign->what);
    if (way == NULL) {
        buffer_add_literal(out, ", and not like events, one JSON object a line");
    } else if (hint_is_parser(l) && parsed) {
        buffer_printf(out, ": is it %s?", way + sizeof parser - 1);
    } else {
        way_add(l, out, name, way);
    }
}

void hint_head(struct loop *l, const struct input *input, struct slice head)
{
    if (l->head_of != NULL) return;
    l->head_of = input;
    buffer_add_slice(&l->head,
                     head.len > HEAD_BYTES ? (struct slice){head.text, HEAD_BYTES} : head);
}

void hint_begin(struct loop *l, const struct input *input, struct slice head)
{
    /* Of a range that is read apart nobody else sees how its files begin. */
    if (l->in_range && !l->whole_files && (!l->apart || input->consumed != 0)) return;
    if (head.len > HEAD_BYTES) head.len = HEAD_BYTES;
    hint_head(l, input, head);
    struct foreign foreign;
    if (l->run.translator != NULL || input->framing != FRAMING_NONE) return;
    if (l->foreign_told >= FOREIGN_TOLD || !foreign_looks(head, &foreign)) return;
    struct buffer text = {0};
    l->foreign_told++;
    if (l->in_range && !l->apart) return; /* the run looks for itself */
    foreign_add(l, &text, input->name, &foreign);
    hint_tell(&text);
}

/* --- repeats --- */

static void repeats_tell(struct loop *l, uint64_t events)
{
    const struct witness *const witness = &l->admission.witness;
    const struct dedup *const dedup = &l->admission.dedup;
    struct buffer text = {0};
    if (options->dedup_us == 0) return;
    if ((witness->slots >> SLOT_EVENT_ID & 1) != 0) {
        const struct slice id = hint_meant(l, SLICE("event_id"), false).name;
        buffer_add_literal(&text, "--dedup has done nothing: ");
        hint_none_add(&text, events, "an", "event_id");
        if (id.text != NULL) {
            buffer_printf(&text, "; did you mean %.*s?", (int)id.len, id.text);
            hint_rename_add(l, &text, SLICE("event_id"), id);
        }
        hint_tell(&text);
    }
    if (dedup->blind == 0) return;
    share_add(&text, dedup->blind, events, "events came when what they may repeat was forgotten");
    if (l->run.settings.lateness_us < INT64_MAX - dedup->blind_us) {
        buffer_add_literal(&text, "; --lateness=");
        duration_add_round(&text, l->run.settings.lateness_us + dedup->blind_us);
        buffer_add_literal(&text, " would have told all repeats");
    }
    hint_tell(&text);
}

/* --- refused --- */

static uint64_t refused_by(const struct loop *l, int reason)
{
    return l->stats.rejected_by[reason] - l->before.rejected_by[reason];
}

static void reasons_add(const struct loop *l, struct buffer *out)
{
    const char *before = " (";
    for (int reason = 1; reason < REASON_COUNT; reason++) {
        if (refused_by(l, reason) == 0) continue;
        buffer_printf(out, "%s", before);
        hint_count_add(out, refused_by(l, reason));
        buffer_printf(out, " %s", reason_name((enum reason)reason));
        before = ", ";
    }
    buffer_add_char(out, ')');
}

static enum reason reason_most(const struct loop *l)
{
    int most = REASON_NONE;
    for (int reason = 1; reason < REASON_COUNT; reason++)
        if (refused_by(l, reason) > refused_by(l, most)) most = reason;
    return (enum reason)most;
}

/* The member for want of which events were refused; len 0: it was something else. */
static struct slice member_lacking(enum reason reason)
{
    const char *id;
    switch (reason) {
    case REASON_NO_TIME: return slice_of(options->time_field);
    case REASON_NO_TYPE: return SLICE("event_type");
    case REASON_NO_ID: id = option_value("id"); return slice_of(id != NULL ? id : "session_id");
    default: return (struct slice){.text = "", .len = 0};
    }
}

/* The first member of events that could be their time. */
static struct slice time_found(const struct witness *witness)
{
    for (size_t i = 0; i < witness->names; i++)
        if (witness->name[i].time) return witness->name[i].name;
    return (struct slice){.text = NULL, .len = 0};
}

/* What prints rows that have their time in that member; NULL: no tool of ours. */
static const char *rows_maker(struct slice time)
{
    static const struct {
        const char *time, *maker;
    } makers[] = {{"at", "cs-sessionize --pages"},
                  {"session_start", "cs-sessionize"},
                  {"last_event_time", "cs-sessionize"},
                  {"abandoned_at", "cs-abandon"}};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        if (slice_equal(slice_of(makers[i].time), time)) return makers[i].maker;
    return NULL;
}

static bool is_among(const struct witness *witness, const char *name)
{
    for (size_t i = 0; i < witness->names; i++)
        if (slice_equal(witness->name[i].name, slice_of(name))) return true;
    return false;
}

/* Rows are asked for, as by a view of pages, and these are events, or other rows. True: it was
 * said. */
static bool maker_add(const struct loop *l, struct buffer *out, struct slice wanted)
{
    const struct witness *const witness = &l->admission.witness;
    const char *const maker = rows_maker(wanted);
    const bool events = is_among(witness, "event_time");
    if (maker == NULL || (!events && !is_among(witness, "session_start"))) return false;
    buffer_printf(out, ", which is in the rows of %s", maker);
    if (!events || l->head_of == NULL) return true;
    way_add(l, out, l->head_of->name, maker);
    return true;
}

/* Adds which member it may be that stands for the one that is lacking, and how it is said. */
static void lacking_add(const struct loop *l, struct buffer *out, enum reason reason)
{
    const struct slice wanted = member_lacking(reason);
    if (wanted.len == 0) return;
    struct slice name = hint_meant(l, wanted, reason == REASON_NO_TIME).name;
    if (name.text == NULL && reason == REASON_NO_TIME) name = time_found(&l->admission.witness);
    buffer_printf(out, ": no %.*s", (int)wanted.len, wanted.text);
    if (reason == REASON_NO_TIME && maker_add(l, out, wanted)) return;
    const struct slice renamed = schema_renamed(&l->run.schema, wanted);
    if (renamed.text != NULL && !slice_equal(renamed, wanted)) {
        buffer_printf(out, ", which --rename reads as %.*s", (int)renamed.len, renamed.text);
        return;
    }
    if (hint_inside_add(l, out, wanted, wanted, " (there is one inside of another member")) return;
    if (name.text == NULL) {
        hint_others_add(&l->admission.witness, wanted, out);
        return;
    }
    buffer_printf(out, "; did you mean %.*s?", (int)name.len, name.text);
    if (reason == REASON_NO_TYPE)
        hint_rename_add(l, out, wanted, name);
    else if (hint_inside_add(l, out, wanted, name, " (inside of another member"))
        return;
    else if (!l->run.settings.rows && !options->merge && hint_is_plain(name))
        buffer_printf(out, " (--%s=%.*s)", reason == REASON_NO_TIME ? "time-field" : "id",
                      (int)name.len, name.text);
}

/* Is it read so already, as --from says or as it was found? */
static bool is_read_so(const struct loop *l, const char *way)
{
    const struct translator *const translator = l->run.translator;
    const char *const said = strstr(way, "--from=");
    const char *const found = translator == NULL
                                  ? "ndjson"
                                  : translator->called(translator->self, buffer_slice(&l->head));
    return said != NULL && strcmp(said + strlen("--from="), found) == 0;
}

/* Adds what the first input looks like, if it was not said when it began. */
static void looks_add(struct loop *l, struct buffer *out, enum reason reason)
{
    struct foreign foreign = {.what = "events, one JSON object a line",
                              .way = "cs-parse --from=ndjson"};
    const struct slice head = buffer_slice(&l->head);
    const bool is_json = reason == REASON_BAD_COLUMNS && head.len > 0 && *head.text == '{';
    if (l->foreign_told != 0 || l->head_of == NULL) return;
    if (!is_json && !foreign_looks(head, &foreign)) return;
    if (hint_is_parser(l) && foreign.way != NULL && is_read_so(l, foreign.way)) return;
    buffer_add_literal(out, ": ");
    foreign_add(l, out, l->head_of->name, &foreign);
}

/* Returns the member that was said to be lacking. */
static struct slice refused_tell(struct loop *l, uint64_t read, uint64_t refused)
{
    const enum reason most = reason_most(l);
    const bool all = refused == read;
    struct buffer text = {0};
    if (refused == 0 || (!all && refused <= REFUSED_TOLD))
        return (struct slice){.text = "", .len = 0};
    share_add(&text, all ? 0 : refused, read,
              all            ? "records could be used"
              : refused == 1 ? "records was refused"
                             : "records were refused");
    reasons_add(l, &text);
    if (most == REASON_NOT_JSON || most == REASON_NOT_AN_OBJECT || most == REASON_BAD_UTF8 ||
        most == REASON_BAD_COLUMNS || most == REASON_TORN || most == REASON_TOO_LONG)
        looks_add(l, &text, most);
    if (all || refused_by(l, most) > read / 2) lacking_add(l, &text, most);
    hint_tell(&text);
    return member_lacking(most);
}

/* --- expressions that failed --- */

static void errors_tell(struct loop *l, uint64_t events)
{
    const uint64_t errors = l->stats.expression_errors - l->before.expression_errors;
    struct expr_failure failure;
    struct buffer text = {0}, reason = {0};
    if (errors == 0 || !expr_failure(&failure, &reason)) return;
    share_add(&text, errors, events, "events made an expression fail");
    buffer_printf(&text, ", first '%s'", failure.text);
    /* Of several inputs it would not say of which, and ranges do not know. */
    if (failure.line_number != 0 && l->inputs.count == 1)
        buffer_printf(&text, " in line %" PRIu64, failure.line_number);
    const size_t shown = reason.len < REASON_BYTES ? reason.len : REASON_BYTES;
    if (shown != 0) buffer_printf(&text, ": %.*s", (int)shown, reason.data);
    hint_tell(&text);
    buffer_release(&reason);
}

/* Has a command that is told of it been told that records are done with? */
static bool has_passed(const struct loop *l)
{
    const struct clock *const clock = &l->admission.clock;
    for (int i = 0; i < clock->count && l->analysis->passed != NULL; i++)
        if (clock->partition[i]->offset >= 0) return true;
    return false;
}

int hint_end(struct loop *l)
{
    const uint64_t read = l->stats.read - l->before.read;
    const uint64_t refused = l->stats.rejected - l->before.rejected;
    if (read == 0) return EXIT_DONE;
    summary_count(l);
    const size_t told_before = told_count;
    const struct slice told = refused_tell(l, read, refused);
    late_tell(l, read);
    hint_doubts(l);
    hint_offsets(l);
    hint_unit(l);
    if (read > refused) hint_members(l, read - refused, told);
    hint_beside(l);
    if (read > refused) hint_words(l, read - refused);
    if (read > refused) repeats_tell(l, read - refused);
    errors_tell(l, read - refused);
    hint_several(read - refused);
    if (read > refused && told_count == told_before) hint_filtered(l, read - refused);
    /* With a state the position has moved on, and a service is not to start again for it; so it has
     * for whoever is told what has been passed. */
    const bool went_on = l->run.settings.has_state || has_passed(l);
    /* Of rows that are added up or put in order, each one that is missing is a hole. */
    const bool is_useless =
        refused == read || (options->merge && refused != 0) || l->unknown_inputs;
    return is_useless && stop_signal == 0 && !went_on ? EXIT_FAILED : EXIT_DONE;
}
