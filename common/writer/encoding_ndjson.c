#include "writer/encoding_ndjson.h"

#include "base/json.h"

struct slice ndjson_prefix(struct slice name)
{
    struct buffer prefix = {0};
    buffer_add_char(&prefix, ',');
    json_add_string(&prefix, name);
    buffer_add_char(&prefix, ':');
    memset(buffer_reserve(&prefix, NDJSON_PIECE), 0, NDJSON_PIECE);
    return buffer_slice(&prefix);
}

static void ndjson_row(struct encoder *encoder, const struct cells *cells, size_t row,
                       struct buffer *out)
{
    const size_t start = out->len;
    for (int i = 0; i < encoder->members; i++) {
        const struct value value = cells_value(cells, row, i);
        if (value.text == NULL) continue;
        ndjson_add_name(out, start, &encoder->member[i]);
        value_print(out, value);
    }
    buffer_add_literal(out, "}\n");
}

const struct encoding encoding_ndjson = {.name = "ndjson", .row = ndjson_row};
