#include "run/parsing.h"

#include "event/members.h"
#include "raw/canonical.h"
#include "raw/map.h"
#include "raw/mapfile.h"
#include "raw/repair.h"

static struct translator translator_of(struct format *format)
{
    return (struct translator){
        .self = format,
        .begin = format_begin,
        .unknown = format_unknown,
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
        .called = format_called,
        .save = format_save,
        .load = format_load,
        .end = format_end,
    };
}

void parsing_start(struct parsing *parsing, const struct parsing_options *options, struct run *run)
{
    struct format *const format = &parsing->format;

    format->events = &run->schema;
    repair_options(&format->repair, &options->repairs);
    map_set(format, options->map_text, &options->map_files);
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&run->schema, run->schema.name[slot]);
    members_rename(&run->schema, "rename", &options->renames);
    changes_start(&parsing->changes, &options->changes, &run->schema);
    if (options->only_pages) pages_want(&parsing->pages, &run->schema);
    /* A program that reads no column by name wants any. */
    if (format->map == NULL || format->wanted.len > 0)
        format_want_member(format, &run->schema, slice_of(run->settings.time_field));
    parsing->translator = translator_of(format);
    if (format->from != FORMAT_NDJSON || format->map != NULL || format->repair.wanted != 0)
        run->translator = &parsing->translator;
}

enum reason parsing_amend(struct parsing *parsing, const struct run *run, struct event *ev)
{
    return changes_make(&parsing->changes, &run->schema, ev);
}

bool parsing_wants(struct parsing *parsing, const struct event *ev)
{
    if (parsing->pages.wanted && !pages_keep(&parsing->pages, ev)) return false;
    parsing->produced++;
    return true;
}

void parsing_print(const struct parsing *parsing, const struct run *run, const struct event *ev,
                   struct buffer *out)
{
    if (parsing_line(run, ev))
        buffer_add_slice(out, ev->line);
    else
        canonical_print(out, &run->schema, ev, parsing->changes.slots);
}

void parsing_release(struct parsing *parsing)
{
    format_release(&parsing->format);
    mapfile_release();
    changes_release(&parsing->changes);
    pages_release(&parsing->pages);
}
