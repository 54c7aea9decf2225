#include "people/stamp.h"

#include "base/json.h"
#include "base/object.h"
#include "raw/canonical.h"

static bool is_taken_out(const struct stamp *stamps, int count, struct value name)
{
    struct buffer plain = {0};
    const struct slice text = value_slice(value_plain(name, &plain));
    bool found = false;
    for (int i = 0; i < count; i++)
        found |= stamps[i].taken_out && slice_equal(stamps[i].name, text);
    buffer_release(&plain);
    return found;
}

/* All members but those taken out, and no brace behind. */
static void rest_print(struct buffer *out, struct slice line, const struct stamp *stamps, int count)
{
    const char *at = (const char *)memchr(line.text, '{', line.len) + 1;
    struct value name, value;
    char separator = '{';
    while (object_next(&at, &name, &value)) {
        if (is_taken_out(stamps, count, name)) continue;
        buffer_add_char(out, separator);
        buffer_add(out, name.text - 1, name.len + 2);
        buffer_add_char(out, ':');
        if (value.kind == KIND_STRING)
            buffer_add(out, value.text - 1, value.len + 2);
        else
            buffer_add(out, value.text, value.len);
        separator = ',';
    }
    if (separator == '{') buffer_add_char(out, '{');
}

/* Has the object, whose closing brace is still to come, no member? */
static bool is_empty(const struct buffer *out)
{
    size_t len = out->len;
    while (out->data[len - 1] <= ' ' && out->data[len - 1] > 0)
        len--;
    return out->data[len - 1] == '{';
}

static void stamp_add(struct buffer *out, const struct stamp *stamp)
{
    /* Room for all but the text; a string takes care of itself. */
    char *to = buffer_reserve(out, stamp->name.len + sizeof ",\"\":null");
    if (!is_empty(out)) *to++ = ',';
    *to++ = '"';
    memcpy(to, stamp->name.text, stamp->name.len);
    to += stamp->name.len;
    memcpy(to, "\":null", 6);
    out->len = (size_t)(to - out->data) + (stamp->text.text == NULL ? 6 : 2);
    if (stamp->text.text == NULL) return;
    if (stamp->prefix.len == 0) {
        json_add_string(out, stamp->text);
    } else {
        buffer_add_char(out, '"');
        buffer_add_slice(out, stamp->prefix);
        json_add_escaped(out, stamp->text);
        buffer_add_char(out, '"');
    }
}

void stamp_print(struct buffer *out, struct slice line, bool clean, const struct stamp *stamps,
                 int count)
{
    const size_t begin = out->len;
    bool takes_out = false;
    for (int i = 0; i < count; i++)
        takes_out |= stamps[i].taken_out;
    if (takes_out) {
        rest_print(out, line, stamps, count);
    } else {
        size_t len = line.len;
        while (line.text[len - 1] != '}')
            len--;
        buffer_add(out, line.text, len - 1);
    }
    for (int i = 0; i < count; i++)
        if (stamps[i].put) stamp_add(out, &stamps[i]);
    buffer_add_char(out, '}');
    if (!clean) canonical_tidy(out, begin);
}
