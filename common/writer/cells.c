#include "writer/cells.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"

/* So much is kept for the next rows. */
#define KEPT_BYTES ((size_t)1 << 20)

void cells_row(struct cells *cells)
{
    const size_t members = (size_t)cells->members;
    if ((cells->rows + 1) * members > cells->cap) {
        cells->cap = cells->cap == 0 ? members : cells->cap * 2;
        cells->cell = memory_resize(cells->cell, cells->cap, sizeof cells->cell[0]);
    }
    memset(cells->cell + cells->rows * members, 0, members * sizeof cells->cell[0]);
    cells->rows++;
}

void cells_end(struct cells *cells)
{
    if (cells->open == NULL) return;
    cells->open->len = (uint32_t)(cells->text.len - cells->open->start);
    cells->open = NULL;
}

struct buffer *cells_begin(struct cells *cells, int member, enum kind kind)
{
    cells_end(cells);
    cells->open = &cells->cell[(cells->rows - 1) * (size_t)cells->members + (size_t)member];
    *cells->open = (struct cell){.start = cells->text.len, .kind = (uint8_t)kind, .present = true};
    return &cells->text;
}

void cells_add_value(struct buffer *text, struct value value)
{
    if (value.kind >= KIND_ARRAY)
        json_add_text(text, value_slice(value));
    else if (value.kind == KIND_STRING && value.escaped)
        text->len += json_unescape(buffer_reserve(text, value.len), value_slice(value));
    else if (value.kind > KIND_TRUE)
        buffer_add_slice(text, value_slice(value));
}

struct value cells_value(const struct cells *cells, size_t row, int member)
{
    static const struct slice words[] = {
        [KIND_NULL] = SLICE("null"), [KIND_FALSE] = SLICE("false"), [KIND_TRUE] = SLICE("true")};
    const struct cell *cell = &cells->cell[row * (size_t)cells->members + (size_t)member];
    if (!cell->present) return (struct value){.kind = KIND_NULL};
    if (cell->kind <= KIND_TRUE)
        return (struct value){.text = words[cell->kind].text,
                              .len = (uint32_t)words[cell->kind].len,
                              .kind = cell->kind};
    return (struct value){
        .text = cell->len == 0 ? "" : cells->text.data + cell->start,
        .len = cell->len,
        .kind = cell->kind,
    };
}

void cells_drop(struct cells *cells)
{
    const struct cell *const cell = &cells->cell[--cells->rows * (size_t)cells->members];
    for (int i = 0; i < cells->members; i++)
        if (cell[i].present && cell[i].start < cells->text.len) cells->text.len = cell[i].start;
}

void cells_clear(struct cells *cells)
{
    cells->rows = 0;
    if (cells->text.cap + cells->cap * sizeof cells->cell[0] > KEPT_BYTES)
        cells_release(cells);
    else
        buffer_clear(&cells->text);
}

void cells_release(struct cells *cells)
{
    free(cells->cell);
    buffer_release(&cells->text);
    cells->cell = NULL;
    cells->rows = cells->cap = 0;
}
