/*
 * The text format of PostgreSQL's COPY, with the header line that COPY ... (HEADER) expects: tabs
 * between fields, \N for null, and a backslash before what would break a line or a terminal.
 */
#include "writer/encoding.h"

/* The letter behind the backslash; 0: the byte stays. 'x': two hexadecimal digits follow. */
static char escape_letter(unsigned char byte)
{
    switch (byte) {
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    default: return byte < 0x20 || byte == 0x7f ? 'x' : 0;
    }
}

static void field_add(struct buffer *out, struct slice text)
{
    static const char hex[] = "0123456789abcdef";
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char byte = (unsigned char)text.text[i];
        const char letter = escape_letter(byte);
        if (letter == 0) continue;
        buffer_add(out, text.text + done, i - done);
        buffer_add_char(out, '\\');
        buffer_add_char(out, letter);
        if (letter == 'x') {
            buffer_add_char(out, hex[byte >> 4]);
            buffer_add_char(out, hex[byte & 15]);
        }
        done = i + 1;
    }
    buffer_add(out, text.text + done, text.len - done);
}

static void tsv_open(struct encoder *encoder, struct buffer *out)
{
    for (int i = 0; i < encoder->members; i++) {
        if (i > 0) buffer_add_char(out, '\t');
        field_add(out, encoder->member[i].name);
    }
    buffer_add_char(out, '\n');
}

static void tsv_row(struct encoder *encoder, const struct cells *cells, size_t row,
                    struct buffer *out)
{
    for (int i = 0; i < encoder->members; i++) {
        const struct value value = cells_value(cells, row, i);
        if (i > 0) buffer_add_char(out, '\t');
        if (value.kind == KIND_NULL)
            buffer_add_literal(out, "\\N");
        else
            field_add(out, value_slice(value));
    }
    buffer_add_char(out, '\n');
}

const struct encoding encoding_tsv = {.name = "tsv", .open = tsv_open, .row = tsv_row};
