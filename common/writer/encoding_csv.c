/*
 * CSV as RFC 4180 has it, but for the line ends, which are those of this system: a header line, and
 * quotes where a field needs them. So that null and "" differ, as cs-parse reads them, the one is
 * an empty field and the other has quotes. A field is what the value is, whatever a spreadsheet
 * would make of it.
 */
#include "base/terminal.h"
#include "writer/encoding.h"

static bool is_outer_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Some readers trim fields, so blanks at the ends have quotes, too. */
static bool needs_quotes(struct slice text)
{
    if (text.len == 0 || is_outer_blank(text.text[0]) || is_outer_blank(text.text[text.len - 1]))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.text[i] == ',' || text.text[i] == '"' || text.text[i] == '\n' ||
            text.text[i] == '\r')
            return true;
    return false;
}

static void quoted_add(struct buffer *out, struct slice text)
{
    buffer_add_char(out, '"');
    while (text.len > 0) {
        const char *quote = memchr(text.text, '"', text.len);
        const size_t len = quote == NULL ? text.len : (size_t)(quote - text.text) + 1;
        buffer_add(out, text.text, len);
        if (quote != NULL) buffer_add_char(out, '"');
        text.text += len;
        text.len -= len;
    }
    buffer_add_char(out, '"');
}

static void field_add(const struct encoder *encoder, struct buffer *out, struct slice text)
{
    struct buffer shown = {0};
    if (encoder->on_terminal) {
        terminal_add(&shown, text);
        text = buffer_slice(&shown);
    }
    if (needs_quotes(text))
        quoted_add(out, text);
    else
        buffer_add_slice(out, text);
    buffer_release(&shown);
}

static void csv_open(struct encoder *encoder, struct buffer *out)
{
    for (int i = 0; i < encoder->members; i++) {
        if (i > 0) buffer_add_char(out, ',');
        field_add(encoder, out, encoder->member[i].name);
    }
    buffer_add_char(out, '\n');
}

static void csv_row(struct encoder *encoder, const struct cells *cells, size_t row,
                    struct buffer *out)
{
    for (int i = 0; i < encoder->members; i++) {
        const struct value value = cells_value(cells, row, i);
        if (i > 0) buffer_add_char(out, ',');
        if (value.kind != KIND_NULL) field_add(encoder, out, value_slice(value));
    }
    buffer_add_char(out, '\n');
}

const struct encoding encoding_csv = {.name = "csv", .open = csv_open, .row = csv_row};
