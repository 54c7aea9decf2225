#include "run/payload.h"

#include <string.h>

#include "raw/jsonstream.h"
#include "run/metadata.h"
#include "run/translated.h"

static const char *blanks_pass(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* Adds the value at at to l->events; behind it, or NULL: it is broken. */
static const char *value_add(struct loop *l, const char *at, const char *end)
{
    const char *behind;
    if (jsonstream_follow(at, end, &behind) != JSONSTREAM_WHOLE) return NULL;
    const struct slice value = {.text = at, .len = (size_t)(behind - at)};
    if (!jsonstream_line(value, &l->events)) return NULL;
    buffer_add_char(&l->events, '\n');
    return behind;
}

/* Adds the elements of the array at at, which is whole; behind it, or NULL. */
static const char *elements_add(struct loop *l, const char *at, const char *end)
{
    const char *behind;
    if (jsonstream_follow(at, end, &behind) != JSONSTREAM_WHOLE) return NULL;
    const char *const last = behind - 1; /* the closing bracket */
    for (at = blanks_pass(at + 1, last); at < last; at = blanks_pass(at, last)) {
        at = value_add(l, at, last);
        if (at == NULL) return NULL;
        at = blanks_pass(at, last);
        if (at < last) at++; /* a comma: the array was followed */
    }
    return behind;
}

/* Makes l->events of the payload. */
static enum reason events_find(struct loop *l, struct slice payload)
{
    const char *const end = payload.text + payload.len;
    const char *at = blanks_pass(payload.text, end);
    while (at != NULL && at < end) {
        at = *at == '[' ? elements_add(l, at, end) : value_add(l, at, end);
        if (at != NULL) at = blanks_pass(at, end);
    }
    if (at == NULL) return REASON_NOT_JSON;
    if (l->events.len != 0) return REASON_NONE;
    buffer_add_literal(&l->admission.detail, "an empty array: there is no event in it");
    return REASON_NOT_AN_OBJECT;
}

/* Takes the line with the members of its frame, if it is one object; false: it is none. */
static bool members_take(struct loop *l, struct origin *origin, struct slice line)
{
    struct admission *const a = &l->admission;
    batch_deliver(&a->batch);
    buffer_clear(&l->events);
    buffer_add_slice(&l->events, line);
    buffer_add_char(&l->events, '\n');
    metadata_add(&l->events, l->framed);
    memset(buffer_reserve(&l->events, SCAN_PADDING), 0, SCAN_PADDING);
    if (!admission_object(a, l->events.data, origin, origin->input->partition)) return false;
    batch_deliver(&a->batch); /* l->events is about to be overwritten */
    return true;
}

void payload_take(struct loop *l, struct origin *origin, struct slice payload)
{
    struct admission *const a = &l->admission;
    while (payload.len != 0 &&
           (payload.text[payload.len - 1] == '\n' || payload.text[payload.len - 1] == '\r'))
        payload.len--;
    const bool one_line = memchr(payload.text, '\n', payload.len) == NULL;
    if (one_line && l->framed != NULL) {
        if (members_take(l, origin, payload)) return;
    } else if (one_line && admission_object(a, payload.text, origin, origin->input->partition)) {
        return;
    }
    buffer_clear(&a->detail);
    buffer_clear(&l->events);
    l->outline = NULL;
    batch_deliver(&a->batch);
    translated_events(l, origin, events_find(l, payload));
}
