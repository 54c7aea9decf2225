#include "run/metadata.h"

#include <string.h>

#include "base/compat.h"
#include "base/base64.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/utf8.h"
#include "raw/jsonstream.h"

void metadata_demand(const struct frame *frame, const struct input *input)
{
    if (frame->about.known) return;
    die("%s: its frames have no key and no time for --kafka-members: kcat prints them with "
        "-f '%%p %%o @%%T %%K %%S %%k %%s\\n', or -J",
        input_label(input));
}

static void key_add(struct buffer *out, const struct frame *frame)
{
    const struct slice key = frame->about.key;
    const bool is_text = key.text != NULL && (frame->about.json || utf8_valid(key));
    buffer_add_literal(out, "\"kafka_key\":");
    if (!is_text)
        buffer_add_literal(out, "null");
    else if (frame->about.json)
        json_add_text(out, key);
    else
        json_add_string(out, key);
    buffer_add_literal(out, ",\"kafka_key_base64\":");
    if (key.text == NULL || is_text) {
        buffer_add_literal(out, "null");
    } else {
        buffer_add_char(out, '"');
        base64_add(out, key);
        buffer_add_char(out, '"');
    }
}

static void time_add(struct buffer *out, int64_t time_ms)
{
    buffer_add_literal(out, ",\"kafka_time\":");
    if (time_ms < 0 || time_ms > INSTANT_MAX / 1000)
        buffer_add_literal(out, "null");
    else
        instant_print_string(out, time_ms * 1000);
}

/* The text of the array's next element, or NULL: there is none. *at goes behind it. */
static const char *element_next(const char **at, const char *last, struct slice *element)
{
    const char *p = *at, *behind;
    while (p < last && (*p == ' ' || *p == ','))
        p++;
    if (p == last || jsonstream_follow(p, last, &behind) != JSONSTREAM_WHOLE) return NULL;
    *element = (struct slice){.text = p, .len = (size_t)(behind - p)};
    *at = behind;
    return p;
}

/* NAME, VALUE, NAME, VALUE, ... as an object; null where they are not so. */
static void headers_add(struct buffer *out, struct slice headers)
{
    buffer_add_literal(out, ",\"kafka_headers\":");
    const size_t from = out->len;
    if (headers.text == NULL) {
        buffer_add_literal(out, "null");
        return;
    }
    const char *at = headers.text + 1, *const last = headers.text + headers.len - 1;
    struct slice name, value;
    bool good = true;
    buffer_add_char(out, '{');
    while (good && element_next(&at, last, &name) != NULL) {
        good = *name.text == '"' && element_next(&at, last, &value) != NULL;
        if (!good) break;
        if (out->len > from + 1) buffer_add_char(out, ',');
        json_add_text(out, name);
        buffer_add_char(out, ':');
        json_add_text(out, value);
    }
    buffer_add_char(out, '}');
    if (good) return;
    out->len = from;
    buffer_add_literal(out, "null");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The event on a line, with the members before its last bracket. */
static void event_add(struct buffer *out, struct slice event, struct slice members)
{
    size_t end = event.len, inside;
    while (end != 0 && is_blank(event.text[end - 1]))
        end--;
    size_t begin = 0;
    while (begin < end && is_blank(event.text[begin]))
        begin++;
    if (end - begin < 2 || event.text[begin] != '{' || event.text[end - 1] != '}') {
        buffer_add_slice(out, event);
        return;
    }
    for (inside = end - 1; is_blank(event.text[inside - 1]);)
        inside--;
    buffer_add(out, event.text, inside);
    if (inside != begin + 1) buffer_add_char(out, ',');
    buffer_add_slice(out, members);
    buffer_add_char(out, '}');
}

void metadata_add(struct buffer *events, const struct frame *frame)
{
    static struct buffer members, made; /* their memory is used again */
    buffer_clear(&members);
    buffer_clear(&made);
    key_add(&members, frame);
    time_add(&members, frame->about.time_ms);
    headers_add(&members, frame->about.headers);
    const char *at = events->data, *const end = events->data + events->len;
    for (const char *newline; at < end; at = newline + 1) {
        newline = rawmemchr(at, '\n');
        event_add(&made, (struct slice){.text = at, .len = (size_t)(newline - at)},
                  buffer_slice(&members));
        buffer_add_char(&made, '\n');
    }
    const struct buffer was = *events;
    *events = made;
    made = was;
}
