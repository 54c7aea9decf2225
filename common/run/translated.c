#include "run/translated.h"

#include <string.h>

#include "base/compat.h"
#include "run/common_options.h"
#include "run/metadata.h"

/* A translator made an event: none is taken before all of the record's are known to be good. */
static void event_made(void *context, struct slice json, struct outline *outline)
{
    struct loop *l = context;
    l->outline = l->events.len == 0 ? outline : NULL;
    buffer_add_slice(&l->events, json);
    buffer_add_char(&l->events, '\n');
}

/* The text behind one of the events made, or NULL for the last. */
static char *event_behind(const struct loop *l, const char *text)
{
    char *behind = (char *)rawmemchr(text, '\n') + 1;
    return behind == l->events.data + l->events.len ? NULL : behind;
}

/* What is wrong with one of several events that were made of a record. */
static enum reason events_reason(struct loop *l, const struct origin *origin)
{
    for (const char *text = l->events.data; text != NULL; text = event_behind(l, text)) {
        const enum reason reason = admission_check(&l->admission, text, origin);
        if (reason != REASON_NONE) return reason;
    }
    return REASON_NONE;
}

void translated_events(struct loop *l, struct origin *origin, enum reason reason)
{
    struct admission *const a = &l->admission;
    l->stats.read++;
    if (l->framed != NULL && reason == REASON_NONE) {
        metadata_add(&l->events, l->framed);
        l->outline = NULL; /* it knows nothing of these members */
    }
    memset(buffer_reserve(&l->events, SCAN_PADDING), 0, SCAN_PADDING);
    if (reason == REASON_NONE && l->outline == NULL && l->events.len != 0 &&
        event_behind(l, l->events.data) != NULL)
        reason = events_reason(l, origin);
    if (reason != REASON_NONE) {
        buffer_add_char(&a->detail, '\0');
        batch_refuse(&a->batch, reason, a->detail.len > 1 ? a->detail.data : NULL, origin);
        return;
    }
    fates_record_begin(&a->fates, origin);
    const char *text = l->events.len == 0 ? NULL : l->events.data;
    while (text != NULL) {
        (void)admission_event(a, text, l->outline, origin, origin->input->partition);
        if (!batch_empty(&a->batch)) batch_deliver(&a->batch);
        text = l->outline != NULL ? NULL : event_behind(l, text);
    }
    fates_record_end(&a->fates);
}

bool translated_may_grow(const struct loop *l, const struct input *input)
{
    return !options->flush && fates_come_again(&l->admission.fates, input);
}

/* Is the record, without a line end behind it, perhaps not all of it? */
static bool is_cut(const struct loop *l, const struct origin *origin, struct slice record)
{
    const struct input *const input = origin->input;
    if (!origin->torn) return false;
    if (input->damaged) return true; /* it may look whole, and not be */
    return translated_may_grow(l, input) && !l->run.translator->closed(input->reading, record);
}

void translated_take(struct loop *l, struct origin *origin, struct slice record)
{
    struct admission *const a = &l->admission;
    if (slice_is_blank(record)) return;
    bool header = false;
    buffer_clear(&a->detail);
    buffer_clear(&l->events);
    l->outline = NULL;
    if (!batch_empty(&a->batch)) batch_deliver(&a->batch);
    if (is_cut(l, origin, record)) {
        l->stats.read++;
        batch_refuse(&a->batch, REASON_TORN, NULL, origin);
        return;
    }
    const struct translator *const translator = l->run.translator;
    const enum reason reason = (origin->offset < 0 ? translator->translate : translator->payload)(
        origin->input->reading, record, event_made, l, &header, &a->detail);
    if (!header) translated_events(l, origin, reason);
}
