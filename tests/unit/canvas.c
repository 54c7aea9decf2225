/* canvas.c - text in its place, and what is drawn of characters. */
#include "look/canvas.h"

#include "look/grid_inside.h"
#include "tap.h"

static struct canvas canvas;

/* The first line, as text; good until the next one. */
static struct slice line(void)
{
    static struct buffer out;
    buffer_clear(&out);
    canvas_print(&canvas, &out);
    const char *const end = memchr(out.data, '\n', out.len);
    return (struct slice){.text = out.data, .len = (size_t)(end - out.data)};
}

static struct slice put(int x, int width, const char *text)
{
    canvas_size(&canvas, 1, 20);
    canvas_put(&canvas, (struct place){.x = x, .width = width}, TONE_PLAIN, slice_of(text));
    canvas_put(&canvas, (struct place){.x = 19, .width = 1}, TONE_PLAIN, SLICE("|"));
    return line();
}

static void texts(void)
{
    is_text(put(0, 10, "mug"), "mug                |", "text stands at the left of its place");
    is_text(put(2, 6, "a long text"), "  a lon\xe2\x80\xa6           |", "cut, it says so");
    is_text(put(0, 10, "\033[31mred\a"), "\\u001b[31\xe2\x80\xa6         |",
            "what a terminal obeys is shown as its code");
    is_text(put(0, 5, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"),
            "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6              |",
            "a wide character takes two columns, and half of one is not drawn");
    is_text(put(0, 4, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"),
            "\xe6\x97\xa5\xe2\x80\xa6                |", "nor beside the sign that it was cut");
    is_text(put(0, 6, "e\xcc\x81t\xc3\xa9"), "e\xcc\x81t\xc3\xa9                |",
            "a mark stands with its letter");
    is_text(put(0, 6, "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbbx"),
            "\xf0\x9f\x91\xa9x                |", "of emoji that are joined the first is drawn");
    is_text(put(0, 6, "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbdx"), "\xf0\x9f\x91\x8dx                |",
            "a skin has no column of its own");
    is_text(put(0, 6,
                "a\xe2\x80\xae"
                "b"),
            "a\\u20\xe2\x80\xa6             |",
            "what turns the direction of text is shown as its code");
    is_text(put(30, 6, "x"), "                   |", "a place outside is none");
    is_text(put(0, 0, "x"), "                   |", "nor is one without a column");
    char marks[2 + 2 * 40] = "a";
    for (int i = 0; i < 40; i++)
        memcpy(marks + 1 + 2 * i, "\xcc\x81", 2);
    ok(put(0, 5, marks).len <= CELL_BYTES + 19, "of very many marks some are drawn");
}

static void right(void)
{
    canvas_size(&canvas, 1, 12);
    canvas_put_right(&canvas, (struct place){.width = 6}, TONE_PLAIN, SLICE("42"));
    is_text(line(), "    42", "numbers stand at the right");
    canvas_size(&canvas, 1, 12);
    canvas_put_right(&canvas, (struct place){.width = 4}, TONE_PLAIN, SLICE("1,234,567"));
    is_text(line(), "1,2\xe2\x80\xa6", "one that is too long is seen to be");
}

static struct slice bar(decimal part, decimal whole)
{
    canvas_size(&canvas, 1, 8);
    canvas_bar(&canvas, (struct place){.width = 4}, TONE_BAR, part, whole);
    return line();
}

static void bars(void)
{
    is_text(bar(1, 1), "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88", "all of it fills a bar");
    is_text(bar(5, 16), "\xe2\x96\x88\xe2\x96\x8e", "eighths of a column are drawn");
    is_text(bar(1, 1000000), "\xe2\x96\x8f", "something is seen of any part");
    is_text(bar(0, 5), "", "nothing of none");
    is_text(bar(7, 5), "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88",
            "more than all of it is not more");
    is_text(bar(NOTHING, 5), "", "what has no value has no bar");
    canvas.ascii = true;
    is_text(bar(5, 16), "#-", "in ASCII, too");
    canvas.ascii = false;
}

static void sparks(void)
{
    const decimal value[] = {0, NOTHING, 50, 100};
    canvas_size(&canvas, 1, 8);
    canvas_spark(&canvas, (struct place){.width = 6}, TONE_LINE, value, 4);
    is_text(line(), "  \xe2\x96\x81 \xe2\x96\x85\xe2\x96\x88",
            "the largest value fills its cell, none is a gap, the last one stands at the right");
    canvas_size(&canvas, 1, 8);
    canvas_spark(&canvas, (struct place){.width = 2}, TONE_LINE, value, 4);
    is_text(line(), "\xe2\x96\x85\xe2\x96\x88", "without room, the last ones are drawn");
}

int main(void)
{
    texts();
    right();
    bars();
    sparks();
    canvas.ascii = true;
    is_text(put(0, 10, "a\xe2\x86\x92\xe6\x97\xa5\xc3\xa9"), "a>???              |",
            "in ASCII our signs have others, and what else there is is a question mark a column");
    canvas_release(&canvas);
    return plan();
}
