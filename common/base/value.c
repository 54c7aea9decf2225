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

void value_print_bare(struct buffer *out, struct value value)
{
    if (value.kind == KIND_NULL) {
        buffer_add_literal(out, "null");
    } else if (value.kind != KIND_STRING) {
        buffer_add_slice(out, value_slice(value));
    } else if (value.escaped) {
        json_add_inside(out, value_slice(value));
    } else {
        json_add_escaped(out, value_slice(value));
    }
}

void value_print(struct buffer *out, struct value value)
{
    if (value.kind != KIND_STRING) {
        value_print_bare(out, value);
    } else if (value.escaped) {
        buffer_add_char(out, '"');
        json_add_inside(out, value_slice(value));
        buffer_add_char(out, '"');
    } else {
        json_add_string(out, value_slice(value));
    }
}
