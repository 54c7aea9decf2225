#include "look/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "look/grid_inside.h"

#define ZERO_WIDTH_JOINER 0x200d
#define EMOJI_SELECTOR 0xfe0f

/* Signs of ours, and what stands for them where there is only ASCII. */
static const struct {
    ucs4_t code;
    char ascii;
} signs[] = {
    {0x2026, '~'},                /* ... */
    {0x2192, '>'},                /* arrow to the right */
    {0x25b2, '^'}, {0x25bc, 'v'}, /* triangles */
    {0x2212, '-'},                /* minus */
    {0x2013, '-'},                /* dash */
    {0x00b7, '|'},                /* middle dot */
    {0x2713, '+'}, {0x2717, 'x'}, /* check, cross */
    {0x25cf, '*'},                /* dot */
    {0x2500, '-'},                /* line */
};

void canvas_size(struct canvas *canvas, int rows, int columns)
{
    const size_t count = (size_t)rows * (size_t)columns;
    if (rows != canvas->rows || columns != canvas->columns)
        canvas->cell = memory_resize(canvas->cell, count + 1, sizeof canvas->cell[0]);
    canvas->rows = rows;
    canvas->columns = columns;
    for (size_t i = 0; i < count; i++)
        canvas->cell[i] = (struct cell){.text = " ", .len = 1, .columns = 1};
}

void canvas_release(struct canvas *canvas)
{
    free(canvas->cell);
    buffer_release(&canvas->scratch);
    *canvas = (struct canvas){0};
}

/* The place as far as it lies within the picture. */
static struct place place_within(const struct canvas *canvas, struct place place)
{
    if (place.y < 0 || place.y >= canvas->rows || place.x < 0 || place.x >= canvas->columns)
        place.width = 0;
    else if (place.width > canvas->columns - place.x)
        place.width = canvas->columns - place.x;
    if (place.width < 0) place.width = 0;
    return place;
}

static struct cell *cell_at(const struct canvas *canvas, int y, int x)
{
    return &canvas->cell[(size_t)y * (size_t)canvas->columns + (size_t)x];
}

static void cell_set(struct cell *cell, enum tone tone, const char *text, int len, int columns)
{
    memcpy(cell->text, text, (size_t)len);
    cell->len = (uint8_t)len;
    cell->columns = (uint8_t)columns;
    cell->tone = (uint8_t)tone;
}

/* A cell gets one of our signs. */
static void sign_set(const struct canvas *canvas, struct cell *cell, enum tone tone,
                     const char *sign, char ascii)
{
    if (canvas->ascii)
        cell_set(cell, tone, &ascii, 1, 1);
    else
        cell_set(cell, tone, sign, (int)strlen(sign), 1);
}

static char sign_ascii(ucs4_t code)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (signs[i].code == code) return signs[i].ascii;
    return '?';
}

/* One character after the other, in columns. */
struct walk {
    struct slice left;
    bool joined; /* the one before is to be followed by one that is not drawn */
};

/* The next character that takes columns, how many, and the marks behind it. False: the end. */
static bool walk_next(struct walk *walk, struct slice *text, int *columns)
{
    ucs4_t code;
    *columns = 0;
    while (walk->left.len > 0) {
        const int len = u8_mbtouc(&code, (const uint8_t *)walk->left.text, walk->left.len);
        const int width = code == EMOJI_SELECTOR ? 0 : uc_width(code, "UTF-8");
        if (width > 0 && *columns > 0 && !walk->joined) return true;
        const bool is_tone = code >= 0x1f3fb && code <= 0x1f3ff;
        if (width > 0 && *columns == 0 && !walk->joined) {
            *text = (struct slice){.text = walk->left.text, .len = (size_t)len};
            *columns = width;
        } else if (width <= 0 && *columns > 0 && code != EMOJI_SELECTOR &&
                   code != ZERO_WIDTH_JOINER && text->text + text->len == walk->left.text &&
                   text->len + (size_t)len < CELL_BYTES) {
            text->len += (size_t)len; /* a mark */
        }
        walk->joined = code == ZERO_WIDTH_JOINER && *columns == 2;
        walk->left.text += len;
        walk->left.len -= (size_t)len;
        /* The tone of a skin is of the one before. */
        const struct slice rest = walk->left;
        ucs4_t next = 0;
        if (rest.len > 0) (void)u8_mbtouc(&next, (const uint8_t *)rest.text, rest.len);
        if (!is_tone && next >= 0x1f3fb && next <= 0x1f3ff && *columns == 2) walk->joined = true;
    }
    return *columns > 0;
}

static int text_columns(struct slice text)
{
    struct walk walk = {.left = text};
    struct slice one;
    int columns, sum = 0;
    while (walk_next(&walk, &one, &columns))
        sum += columns;
    return sum;
}

/* Puts a character where it fits; returns its columns. */
static int character_put(struct canvas *canvas, int y, int x, enum tone tone, struct slice text,
                         int columns)
{
    struct cell *const cell = cell_at(canvas, y, x);
    if (canvas->ascii && ((unsigned char)text.text[0] >= 0x80 || text.len > 1)) {
        ucs4_t code;
        (void)u8_mbtouc(&code, (const uint8_t *)text.text, text.len);
        const char sign = sign_ascii(code);
        for (int i = 0; i < columns; i++)
            cell_set(&cell[i], tone, &sign, 1, 1);
        return columns;
    }
    cell_set(cell, tone, text.text, (int)text.len, columns);
    if (columns == 2) cell_set(&cell[1], tone, "", 0, 0);
    return columns;
}

/* Puts what is in scratch. */
static int shown_put(struct canvas *canvas, struct place place, enum tone tone, int wanted)
{
    struct walk walk = {.left = buffer_slice(&canvas->scratch)};
    struct slice one;
    int columns, x = 0;
    const bool cut = wanted > place.width;
    while (walk_next(&walk, &one, &columns)) {
        if (x + columns > place.width - cut) break;
        x += character_put(canvas, place.y, place.x + x, tone, one, columns);
    }
    if (!cut || place.width == 0) return x;
    sign_set(canvas, cell_at(canvas, place.y, place.x + x), tone, "\xe2\x80\xa6", '~');
    return x + 1;
}

/* Text may be of megabytes: what has no room is not looked at. */
static void scratch_take(struct canvas *canvas, struct slice text)
{
    const size_t most = (size_t)canvas->columns * CELL_BYTES;
    if (text.len > most) {
        text.len = most;
        while (text.len > 0 && ((unsigned char)text.text[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    buffer_clear(&canvas->scratch);
    terminal_add(&canvas->scratch, text);
}

int canvas_put(struct canvas *canvas, struct place place, enum tone tone, struct slice text)
{
    place = place_within(canvas, place);
    scratch_take(canvas, text);
    return shown_put(canvas, place, tone, text_columns(buffer_slice(&canvas->scratch)));
}

int canvas_put_right(struct canvas *canvas, struct place place, enum tone tone, struct slice text)
{
    place = place_within(canvas, place);
    scratch_take(canvas, text);
    const int wanted = text_columns(buffer_slice(&canvas->scratch));
    if (wanted < place.width) {
        place.x += place.width - wanted;
        place.width = wanted;
    }
    return shown_put(canvas, place, tone, wanted);
}

int canvas_printf(struct canvas *canvas, struct place place, enum tone tone, const char *format,
                  ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0) return 0;
    const size_t shown = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    return canvas_put(canvas, place, tone, (struct slice){.text = text, .len = shown});
}

void canvas_bar(struct canvas *canvas, struct place place, enum tone tone, decimal part,
                decimal whole)
{
    static const char *const eighths[] = {"\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d",
                                          "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a",
                                          "\xe2\x96\x89", "\xe2\x96\x88"};
    place = place_within(canvas, place);
    if (part <= 0 || whole <= 0 || part == NOTHING || whole == NOTHING) return;
    if (part > whole) part = whole;
    int64_t length = (int64_t)((double)part / (double)whole * place.width * 8 + 0.5);
    if (length == 0) length = 1;
    for (int x = 0; x < place.width && length > 0; x++, length -= 8)
        sign_set(canvas, cell_at(canvas, place.y, place.x + x), tone,
                 eighths[length >= 8 ? 7 : length - 1], length >= 4 ? '#' : '-');
}

void canvas_spark(struct canvas *canvas, struct place place, enum tone tone, const decimal *value,
                  size_t count)
{
    static const char *const levels[] = {"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83",
                                         "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86",
                                         "\xe2\x96\x87", "\xe2\x96\x88"};
    decimal most = 0;
    place = place_within(canvas, place);
    if (count > (size_t)place.width) {
        value += count - (size_t)place.width;
        count = (size_t)place.width;
    }
    for (size_t i = 0; i < count; i++)
        if (value[i] != NOTHING && value[i] > most) most = value[i];
    place.x += place.width - (int)count;
    for (size_t i = 0; i < count; i++) {
        if (value[i] == NOTHING) continue;
        const double height = most == 0 || value[i] < 0 ? 0 : (double)value[i] / (double)most;
        const int level = (int)(height * 7 + 0.5);
        sign_set(canvas, cell_at(canvas, place.y, place.x + (int)i), tone, levels[level],
                 "_.,-=+*#"[level]);
    }
}

void canvas_tint(struct canvas *canvas, struct place place, enum tone tone)
{
    place = place_within(canvas, place);
    for (int x = 0; x < place.width; x++)
        cell_at(canvas, place.y, place.x + x)->tone = (uint8_t)tone;
}

void canvas_clear(struct canvas *canvas, struct place place)
{
    place = place_within(canvas, place);
    for (int x = 0; x < place.width; x++)
        cell_set(cell_at(canvas, place.y, place.x + x), TONE_PLAIN, " ", 1, 1);
}

void canvas_print(const struct canvas *canvas, struct buffer *out)
{
    for (int y = 0; y < canvas->rows; y++) {
        const size_t begins = out->len;
        for (int x = 0; x < canvas->columns; x++) {
            const struct cell *const cell = cell_at(canvas, y, x);
            buffer_add(out, cell->text, cell->len);
        }
        while (out->len > begins && out->data[out->len - 1] == ' ')
            out->len--;
        buffer_add_char(out, '\n');
    }
}
