/*
 * A table for people: a heading, numbers to the right, everything else to the left, two blanks
 * between columns. null is -, an empty string "", and what a row does not have is left blank.
 *
 * Columns are as wide as the widest value so far, so rows of a block stand below each other, and
 * those of the next block below them; where a column has to grow, the headings are printed again.
 * Nothing is cut: a value wider than WIDTH_MAX moves what is behind it in its row, instead of in
 * every row.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "writer/encoding.h"

#define WIDTH_MAX 60
#define GAP 2

struct column {
    size_t width;
    bool has_numbers, has_others; /* so far, null apart */
};

struct table_drawing {
    struct column *column;
    bool begun; /* there are headings */
    bool grown; /* and they do not fit any more */
};

static size_t width_most(size_t width)
{
    return width < WIDTH_MAX ? width : WIDTH_MAX;
}

static struct table_drawing *drawing_of(struct encoder *encoder)
{
    if (encoder->own != NULL) return encoder->own;
    struct table_drawing *drawing = memory_zero(1, sizeof *drawing);
    drawing->column = memory_zero((size_t)encoder->members, sizeof drawing->column[0]);
    for (int i = 0; i < encoder->members; i++)
        drawing->column[i].width = width_most(terminal_width(encoder->member[i].name));
    drawing->grown = true;
    encoder->own = drawing;
    return drawing;
}

static struct slice shown(struct value value)
{
    if (value.text == NULL) return (struct slice){0};
    if (value.kind == KIND_NULL) return SLICE("-");
    return value.len == 0 ? SLICE("\"\"") : value_slice(value);
}

static void table_measure(struct encoder *encoder, const struct cells *cells, size_t row)
{
    struct table_drawing *drawing = drawing_of(encoder);
    for (int i = 0; i < encoder->members; i++) {
        struct column *column = &drawing->column[i];
        const struct value value = cells_value(cells, row, i);
        const size_t width = width_most(terminal_width(shown(value)));
        column->has_numbers |= value.kind == KIND_NUMBER;
        column->has_others |= value.kind != KIND_NUMBER && value.kind != KIND_NULL;
        if (width <= column->width) continue;
        column->width = width;
        drawing->grown = true;
    }
}

/* A line being drawn: blanks are due only before the next text, so none stand at its end. */
struct line {
    struct buffer *out;
    size_t blanks;
};

static void text_draw(struct line *line, const struct column *column, struct slice text,
                      bool to_right)
{
    const size_t width = terminal_width(text);
    const size_t left = width < column->width ? column->width - width : 0;
    if (to_right) line->blanks += left;
    if (text.len > 0) {
        memset(buffer_reserve(line->out, line->blanks), ' ', line->blanks);
        line->out->len += line->blanks;
        line->blanks = 0;
        terminal_add(line->out, text);
    }
    line->blanks += to_right ? GAP : left + GAP;
}

static bool is_numeric(const struct column *column)
{
    return column->has_numbers && !column->has_others;
}

static void table_block(struct encoder *encoder, struct buffer *out)
{
    struct table_drawing *drawing = drawing_of(encoder);
    struct line line = {.out = out};
    if (!drawing->grown) return;
    if (drawing->begun) buffer_add_char(out, '\n');
    for (int i = 0; i < encoder->members; i++) {
        const struct column *column = &drawing->column[i];
        text_draw(&line, column, encoder->member[i].name, is_numeric(column));
    }
    buffer_add_char(out, '\n');
    drawing->begun = true;
    drawing->grown = false;
}

static void table_row(struct encoder *encoder, const struct cells *cells, size_t row,
                      struct buffer *out)
{
    const struct table_drawing *drawing = drawing_of(encoder);
    struct line line = {.out = out};
    for (int i = 0; i < encoder->members; i++) {
        const struct column *column = &drawing->column[i];
        const struct value value = cells_value(cells, row, i);
        const bool to_right =
            value.kind == KIND_NUMBER || (value.kind == KIND_NULL && is_numeric(column));
        text_draw(&line, column, shown(value), to_right);
    }
    buffer_add_char(out, '\n');
}

static void table_release(struct encoder *encoder)
{
    struct table_drawing *drawing = encoder->own;
    if (drawing == NULL) return;
    free(drawing->column);
    free(drawing);
    encoder->own = NULL;
}

const struct encoding encoding_table = {
    .name = "table",
    .measure = table_measure,
    .block = table_block,
    .row = table_row,
    .release = table_release,
};
