#include "look/sheet.h"

#include "base/terminal.h"

#define TEXT_COLUMNS_MAX 48
#define TEXT_COLUMNS_MIN 8
#define GAP 2

static int width_of(struct slice text)
{
    const size_t width = terminal_width(text);
    return width > TEXT_COLUMNS_MAX ? TEXT_COLUMNS_MAX : (int)width;
}

/* How wide each column would be. */
static void widths_wanted(const struct sheet *sheet, size_t top, size_t rows, int *width)
{
    struct buffer text = {0};
    enum tone tone;
    for (size_t c = 0; c < sheet->columns; c++) {
        width[c] = width_of(sheet->column[c].title) + (sheet->sorted == c + 1);
        for (size_t r = top; r < top + rows; r++) {
            buffer_clear(&text);
            sheet->cell(sheet->owner, r, c, &text, &tone);
            if (text.len > TEXT_COLUMNS_MAX * 8) text.len = TEXT_COLUMNS_MAX; /* wide enough */
            const int wanted = width_of(buffer_slice(&text));
            if (wanted > width[c]) width[c] = wanted;
        }
    }
    buffer_release(&text);
}

/* Columns without room get none; a text is made narrower before it is left out. */
static void widths_fit(const struct sheet *sheet, int room, int *width)
{
    bool full = false;
    for (size_t c = 0; c < sheet->columns; c++) {
        const int gap = c == 0 ? 0 : GAP;
        if (!full && width[c] + gap > room && !sheet->column[c].is_number &&
            room - gap >= TEXT_COLUMNS_MIN)
            width[c] = room - gap;
        full |= width[c] + gap > room;
        if (full)
            width[c] = 0;
        else
            room -= width[c] + gap;
    }
}

static void cell_draw(const struct sheet *sheet, struct canvas *canvas, struct place place,
                      size_t row, size_t column, struct buffer *text)
{
    enum tone tone = TONE_PLAIN;
    buffer_clear(text);
    sheet->cell(sheet->owner, row, column, text, &tone);
    if (sheet->column[column].is_number)
        canvas_put_right(canvas, place, tone, buffer_slice(text));
    else
        canvas_put(canvas, place, tone, buffer_slice(text));
}

static void title_draw(const struct sheet *sheet, struct canvas *canvas, struct place place,
                       size_t column)
{
    const struct sheet_column *const head = &sheet->column[column];
    if (sheet->sorted != column + 1) {
        if (head->is_number)
            canvas_put_right(canvas, place, TONE_DIM, head->title);
        else
            canvas_put(canvas, place, TONE_DIM, head->title);
        return;
    }
    struct place sign = place;
    place.width--;
    if (head->is_number) {
        canvas_put_right(canvas, place, TONE_STRONG, head->title);
        sign.x += place.width;
    } else {
        sign.x += canvas_put(canvas, place, TONE_STRONG, head->title);
    }
    sign.width = 1;
    canvas_put(canvas, sign, TONE_STRONG, SLICE("\xe2\x96\xbc"));
}

int sheet_draw(const struct sheet *sheet, struct canvas *canvas, struct place place, int lines,
               size_t top)
{
    int width[SHEET_COLUMNS];
    struct buffer text = {0};
    if (lines < 2 || place.width < 1) return 0;
    size_t rows = top < sheet->rows ? sheet->rows - top : 0;
    if (rows > (size_t)lines - 1) rows = (size_t)lines - 1;
    widths_wanted(sheet, top, rows, width);
    widths_fit(sheet, place.width, width);
    int x = place.x;
    for (size_t c = 0; c < sheet->columns && width[c] > 0; c++) {
        struct place cell = {.y = place.y, .x = x, .width = width[c]};
        title_draw(sheet, canvas, cell, c);
        for (size_t r = 0; r < rows; r++) {
            cell.y++;
            cell_draw(sheet, canvas, cell, top + r, c, &text);
        }
        x += width[c] + GAP;
    }
    buffer_release(&text);
    return (int)rows + 1;
}
