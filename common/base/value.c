#include "base/value.h"

#include "base/json.h"
#include "base/number.h"

int value_compare(struct value a, struct value b)
{
    if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
    if (a.kind <= KIND_TRUE) return 0;
    if (a.kind == KIND_NUMBER) {
        const int order = number_compare(value_slice(a), value_slice(b));
        if (order != 0) return order;
    }
    return slice_compare(value_slice(a), value_slice(b));
}

void value_print(struct buffer *out, struct value value)
{
    if (value.kind == KIND_STRING && !value.escaped) {
        json_add_string(out, value_slice(value));
    } else if (value.kind == KIND_NULL) {
        buffer_add_literal(out, "null");
    } else if (value.kind >= KIND_ARRAY) {
        json_add_text(out, value_slice(value));
    } else if (value.kind != KIND_STRING) {
        buffer_add_slice(out, value_slice(value));
    } else {
        buffer_add_char(out, '"');
        json_add_inside(out, value_slice(value));
        buffer_add_char(out, '"');
    }
}

bool value_looks_json(struct slice text)
{
    if (text.len == 0) return false;
    if (text.text[0] == '[' || text.text[0] == '{') return true;
    return slice_equal(text, SLICE("null")) || slice_equal(text, SLICE("true")) ||
           slice_equal(text, SLICE("false")) || number_valid(text);
}

struct value value_plain(struct value value, struct buffer *scratch)
{
    if (value.kind != KIND_STRING || !value.escaped) return value;
    scratch->len = json_unescape(buffer_reserve(scratch, value.len), value_slice(value));
    return value_string(buffer_slice(scratch));
}

void value_print_key(struct buffer *out, struct value value)
{
    struct buffer plain = {0};
    value = value_plain(value, &plain);
    if (value.kind == KIND_STRING && !value_looks_json(value_slice(value)))
        json_add_escaped(out, value_slice(value));
    else
        value_print(out, value);
    buffer_release(&plain);
}
