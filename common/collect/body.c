#include "collect/body.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "raw/jsonstream.h"

static const char *blanks_pass(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static void record_add(struct body *body, struct slice record)
{
    while (record.len != 0 && slice_is_blank((struct slice){record.text + record.len - 1, 1}))
        record.len--;
    if (body->count == body->cap) {
        body->cap = body->cap == 0 ? 16 : 2 * body->cap;
        body->record = memory_resize(body->record, body->cap, sizeof body->record[0]);
    }
    body->record[body->count++] = record;
}

/* Records one behind the other, in an array or not. */
static void stream_take(struct body *body, const char *at, const char *end)
{
    struct jsonstream stream = {.open = 0};
    while (at < end) {
        const char *const behind = jsonstream_split(&stream, at, end, true);
        const struct slice piece = {.text = at, .len = (size_t)(behind - at)};
        if (!jsonstream_between(piece)) record_add(body, piece);
        at = behind;
    }
}

/* The next member of an object that has been followed to its end; *at is behind the opening brace
 * at first. False: there is none. */
static bool member_next(const char **at, const char *end, struct slice *name, struct slice *value)
{
    const char *p = blanks_pass(*at, end), *behind;
    if (p < end && *p == ',') p = blanks_pass(p + 1, end);
    if (p == end || *p != '"' || jsonstream_follow(p, end, &behind) != JSONSTREAM_WHOLE)
        return false;
    *name = (struct slice){.text = p, .len = (size_t)(behind - p)};
    p = blanks_pass(blanks_pass(behind, end) + 1, end); /* over the colon */
    if (p >= end || jsonstream_follow(p, end, &behind) != JSONSTREAM_WHOLE) return false;
    *value = (struct slice){.text = p, .len = (size_t)(behind - p)};
    *at = behind;
    return true;
}

/* A time as it stands in an envelope. */
static struct value time_of(struct slice text)
{
    if (*text.text == '"')
        return (struct value){.text = text.text + 1,
                              .len = (uint32_t)text.len - 2,
                              .kind = KIND_STRING,
                              .escaped = memchr(text.text, '\\', text.len) != NULL};
    return (struct value){.text = text.text, .len = (uint32_t)text.len, .kind = KIND_NUMBER};
}

/* Of an envelope the array, brackets included; text NULL: the object at at is none. */
static struct slice envelope_events(struct body *body, const char *at, const char *end)
{
    struct slice events = {.text = NULL}, name, value;
    struct value sent_at = {.text = NULL};
    /* Most objects are events, and need no second look. */
    if (memmem(at, (size_t)(end - at), "\"events\"", 8) == NULL) return events;
    at++;
    while (member_next(&at, end, &name, &value)) {
        if (slice_equal(name, SLICE("\"events\"")))
            events = *value.text == '[' ? value : (struct slice){.text = NULL};
        else if (slice_equal(name, SLICE("\"sent_at\"")) && *value.text != '[' &&
                 *value.text != '{')
            sent_at = time_of(value);
    }
    if (events.text != NULL) body->sent_at = sent_at;
    return events;
}

void body_split(struct body *body, struct slice text)
{
    body->count = 0;
    body->sent_at = (struct value){.text = NULL};
    if (text.len == 0) return; /* its text may be NULL */
    const char *const end = text.text + text.len, *behind;
    const char *at = text.text;
    if (text.len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
    at = blanks_pass(at, end);
    if (at < end && *at == '{' && jsonstream_follow(at, end, &behind) == JSONSTREAM_WHOLE &&
        blanks_pass(behind, end) == end) {
        const struct slice events = envelope_events(body, at, behind - 1);
        if (events.text == NULL)
            record_add(body, (struct slice){.text = at, .len = (size_t)(behind - at)});
        else
            stream_take(body, events.text, events.text + events.len);
        return;
    }
    stream_take(body, at, end);
}

void body_release(struct body *body)
{
    free(body->record);
    *body = (struct body){.record = NULL};
}
