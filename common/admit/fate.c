#include "admit/fate.h"

#include <string.h>

#include "base/instant.h"
#include "base/object.h"
#include "event/schema.h"

bool fates_come_again(const struct fates *fates, const struct input *input)
{
    return fates->has_state && (input->framing != FRAMING_NONE || input_lasts(input));
}

bool fates_leave_torn(struct fates *fates, enum reason reason, const struct origin *origin)
{
    struct input *input = origin->input;
    if (!origin->torn || reason == REASON_NO_ID || reason == REASON_FUTURE) return false;
    if (!fates_come_again(fates, input)) return false;
    input->torn = fates->made.left = true;
    fates->stats->read--;
    return true;
}

static void tell(struct fates *fates, struct rejects *sink, const char *reason, const char *detail,
                 const struct origin *origin)
{
    const struct input *const input = origin->input;
    rejects_add(sink, &(struct reject){
                          .reason = reason,
                          .detail = detail,
                          .input = input_label(input),
                          .input_number = (uint32_t)(input - fates->inputs->input),
                          /* A line of what kcat prints is none of the topic's. */
                          .line = input->label == NULL ? origin->line_number : 0,
                          .partition = origin->partition,
                          .offset = origin->offset,
                          .raw = origin->raw,
                      });
    if (fates->stop != NULL) fates->stop(fates->context);
}

/* The first of the twelve members that is an array or an object in the line, an object that has
 * been refused for that; text NULL: it has none by that name. */
static struct slice nested_member(struct slice line)
{
    enum kind kinds[SLOT_CANONICAL] = {KIND_NULL};
    struct value name, value;

    if (line.len == 0 || *line.text != '{') return (struct slice){.text = NULL};
    const char *at = line.text + 1;
    while (object_next(&at, &name, &value))
        for (int slot = 0; slot < SLOT_CANONICAL; slot++)
            if (slice_equal(value_slice(name), schema_canonical_name(slot)))
                kinds[slot] = value.kind;
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        if (kinds[slot] >= KIND_ARRAY) return schema_canonical_name(slot);
    return (struct slice){.text = NULL};
}

void fates_refuse(struct fates *fates, enum reason reason, const char *detail,
                  const struct origin *origin)
{
    if (origin->torn && reason != REASON_NO_ID &&
        reason != REASON_FUTURE) { /* those two are whole events */
        reason = REASON_TORN;
        detail = NULL;
    }
    fates->stats->rejected_by[reason]++;
    ++*(fates->translating == NULL ? &fates->stats->rejected : &fates->made.rejected);
    struct buffer phrase = {0};
    if (detail == NULL) {
        struct slice member = {.text = NULL};
        if (reason == REASON_BAD_MEMBER && fates->translating == NULL)
            member = nested_member(origin->raw);
        if (member.text != NULL) buffer_printf(&phrase, "%.*s: ", (int)member.len, member.text);
        reason_detail(reason, fates->time_field, &phrase);
        buffer_add_char(&phrase, '\0');
        detail = phrase.data;
    }
    tell(fates, &fates->rejects, reason_name(reason), detail, origin);
    buffer_release(&phrase);
}

void fates_late(struct fates *fates, const struct event *ev, const struct origin *origin)
{
    ++*(fates->translating == NULL ? &fates->stats->late : &fates->made.late);
    struct buffer detail = {0};
    buffer_add_literal(&detail, "the watermark was at ");
    instant_print(&detail, ev->watermark_us);
    buffer_add_char(&detail, '\0');
    tell(fates, &fates->late, "late", detail.data, origin);
    buffer_release(&detail);
}

void fates_record_begin(struct fates *fates, const struct origin *origin)
{
    fates->made = (struct fate_counts){0};
    fates->translating = origin;
}

void fates_record_end(struct fates *fates)
{
    const struct fate_counts *const made = &fates->made;
    struct stats *const stats = fates->stats;
    const struct origin *const origin = fates->translating;
    uint64_t *const fate = made->rejected != 0 ? &stats->rejected
                           : made->used != 0   ? &stats->used
                           : made->late != 0   ? &stats->late
                           : made->held != 0   ? NULL /* it will be known later */
                           : made->duplicate != 0 && made->filtered == 0 ? &stats->duplicate
                                                                         : &stats->filtered;
    fates->translating = NULL;
    if (fate == NULL || made->left) return;
    ++*fate;
    if (made->held != 0) origin->input->partition->held_counted = true; /* not once more */
}

struct fates_aside fates_held_begin(struct fates *fates, const struct partition *partition,
                                    const struct origin *origin)
{
    const struct origin *const translating = fates->translating;
    struct fates_aside aside = {.translating = translating, .made = fates->made};
    aside.same = translating != NULL && translating->input == origin->input &&
                 translating->line_number == origin->line_number;
    if (aside.same)
        fates->made.held--;
    else
        fates->translating = partition->held_counted ? origin : NULL;
    return aside;
}

void fates_held_end(struct fates *fates, const struct fates_aside *aside)
{
    if (aside->same) return;
    fates->translating = aside->translating;
    fates->made = aside->made;
}
