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

static void record_add(struct body *body, struct slice record, bool is_whole)
{
    while (record.len != 0 && slice_is_blank((struct slice){record.text + record.len - 1, 1}))
        record.len--;
    if (body->count == body->cap) {
        body->cap = body->cap == 0 ? 16 : 2 * body->cap;
        body->record = memory_resize(body->record, body->cap, sizeof body->record[0]);
    }
    body->record[body->count++] = (struct body_record){.text = record, .is_whole = is_whole};
}

/* Records one behind the other, in an array or not. */
static void stream_take(struct body *body, const char *at, const char *end)
{
    struct jsonstream stream = {.open = 0};
    while (at < end) {
        const char *const behind = jsonstream_split(&stream, at, end, true);
        const struct slice piece = {.text = at, .len = (size_t)(behind - at)};
        if (!jsonstream_between(piece)) record_add(body, piece, stream.whole.len == piece.len);
        at = behind;
    }
    body->is_cut = stream.open != 0;
}

/* --- an object --- */

/* Over one value. False: it does not end, or is broken. */
static bool value_take(const char **at, const char *end, struct slice *value)
{
    const char *const from = *at;
    if (from == end || jsonstream_follow(from, end, at) != JSONSTREAM_WHOLE) return false;
    *value = (struct slice){.text = from, .len = (size_t)(*at - from)};
    return true;
}

static bool is_at(const char *at, const char *end, char sign)
{
    return at != end && *at == sign;
}

/* Over a byte and the blanks behind it. False: another one stands there. */
static bool sign_take(const char **at, const char *end, char sign)
{
    if (!is_at(*at, end, sign)) return false;
    *at = blanks_pass(*at + 1, end);
    return true;
}

/* Over an array of objects, each of which is a record. False: it is no such array. */
static bool objects_take(struct body *body, const char **at, const char *end)
{
    struct slice value;
    if (!sign_take(at, end, '[')) return false;
    if (!is_at(*at, end, ']')) {
        do {
            if (!is_at(*at, end, '{') || !value_take(at, end, &value)) return false;
            record_add(body, value, true);
            *at = blanks_pass(*at, end);
        } while (sign_take(at, end, ','));
    }
    if (!is_at(*at, end, ']')) return false;
    ++*at;
    return true;
}

/* Over the value of `events`; of several the last counts. False: it does not end, or is broken. */
static bool events_take(struct body *body, const char **at, const char *end, bool *is_array)
{
    const char *const from = *at;
    struct slice value;
    body->count = 0;
    *is_array = is_at(from, end, '[');
    if (objects_take(body, at, end)) return true;
    body->count = 0;
    *at = from;
    if (!value_take(at, end, &value)) return false;
    if (*is_array) stream_take(body, value.text, value.text + value.len);
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

/* Over a member and the blanks behind it. False: it does not end, or is broken. */
static bool member_take(struct body *body, const char **at, const char *end, bool *is_envelope)
{
    struct slice name, value;
    if (!is_at(*at, end, '"') || !value_take(at, end, &name)) return false;
    *at = blanks_pass(*at, end);
    if (!sign_take(at, end, ':')) return false;
    if (slice_equal(name, SLICE("\"events\""))) {
        if (!events_take(body, at, end, is_envelope)) return false;
    } else {
        if (!value_take(at, end, &value)) return false;
        if (slice_equal(name, SLICE("\"sent_at\"")) && *value.text != '[' && *value.text != '{')
            body->sent_at = time_of(value);
    }
    *at = blanks_pass(*at, end);
    return true;
}

/* The object at at, with nothing but blanks behind it: an envelope, or a record. False: it is no
 * whole one, or not alone. */
static bool object_take(struct body *body, const char *at, const char *end)
{
    const char *const from = at;
    bool is_envelope = false;
    if (!sign_take(&at, end, '{')) return false;
    if (!is_at(at, end, '}')) {
        do {
            if (!member_take(body, &at, end, &is_envelope)) return false;
        } while (sign_take(&at, end, ','));
    }
    const char *const brace = at;
    if (!sign_take(&at, end, '}') || at != end) return false;
    if (is_envelope) return true;
    body->sent_at = (struct value){.text = NULL};
    record_add(body, (struct slice){.text = from, .len = (size_t)(brace + 1 - from)}, true);
    return true;
}

static void body_clear(struct body *body)
{
    body->count = 0;
    body->is_cut = body->is_json = false;
    body->sent_at = (struct value){.text = NULL};
}

/* Is it whole values, one behind the other, and at least one? */
static bool is_json(const char *at, const char *end)
{
    struct slice value;
    do {
        if (!value_take(&at, end, &value)) return false;
        at = blanks_pass(at, end);
    } while (at != end);
    return true;
}

void body_split(struct body *body, struct slice text)
{
    body_clear(body);
    if (text.len == 0) return; /* its text may be NULL */
    const char *const end = text.text + text.len;
    const char *at = text.text;
    if (text.len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
    at = blanks_pass(at, end);
    body->is_json = object_take(body, at, end);
    if (body->is_json) return;
    body_clear(body);
    stream_take(body, at, end);
    body->is_json = body->count != 0 || is_json(at, end);
}

void body_release(struct body *body)
{
    free(body->record);
    *body = (struct body){.record = NULL};
}
