/* headline.c - which step broke, for whom, since when: of rows made up for it. */
#include "look/headline.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "look/board.h"
#include "look/pivot.h"
#include "tap.h"

#define WINDOW_US INT64_C(600000000)
#define START_US INT64_C(1767225600000000)

static struct board board;
static struct headline headline;
static const char *final = ""; /* what a row says of itself */

static void board_new(void)
{
    board = (struct board){.rows_max = 100000, .roll_max = 10};
    board_init(&board);
}

/* A row of the number-th window. */
static void row(int64_t number, const char *device, int sessions, int carts, int purchases)
{
    struct buffer text = {0};
    buffer_add_literal(&text, "{\"window_start\":");
    instant_print_string(&text, START_US + number * WINDOW_US);
    buffer_add_literal(&text, ",\"window_end\":");
    instant_print_string(&text, START_US + (number + 1) * WINDOW_US);
    buffer_printf(&text,
                  ",\"device_type\":\"%s\",\"sessions\":%d,\"add_to_carts\":%d,\"purchases\":%d,"
                  "\"overall_conversion_rate\":1%s}\n",
                  device, sessions, carts, purchases, final);
    memset(buffer_reserve(&text, SCAN_PADDING), 0, SCAN_PADDING);
    (void)board_take(&board, text.data, false, "rows", 1);
    buffer_release(&text);
}

static void look(enum against against)
{
    struct grid *const grid = &board.panel[0]->grid;
    const struct sieve all = {0};
    const size_t windows = grid->windows.count;
    decimal *const series = memory_zero(windows * grid->measures, sizeof series[0]);
    pivot_series(grid, 0, windows, &all, series);
    headline_make(&headline, grid, headline_steps(grid->layout), windows - 1, against, series,
                  &all);
    free(series);
}

static void usual(int64_t from, int64_t until)
{
    for (int64_t i = from; i < until; i++) {
        row(i, "desktop", 1000 + (int)(i % 7), 200 + (int)(i % 5), 100 + (int)(i % 3));
        row(i, "mobile", 2000 - (int)(i % 7), 300 - (int)(i % 5), 90 - (int)(i % 3));
    }
}

int main(void)
{
    board_new();
    usual(0, 30);
    look(AGAINST_BEST);
    ok(!headline.broken, "where all goes on as before, no step is broken");

    final = ",\"final\":false";
    row(30, "mobile", 2000, 300, 4);
    look(AGAINST_BEST);
    ok(!headline.broken, "a window that is still open is not judged");
    final = "";

    row(30, "desktop", 1000, 200, 101);
    row(30, "mobile", 2000, 300, 4);
    row(31, "desktop", 1000, 200, 99);
    row(31, "mobile", 2000, 300, 3);
    look(AGAINST_BEST);
    ok(headline.broken && headline.step == 1, "the step that misses most is the broken one");
    is_int((int64_t)headline.since, 30, "it broke in the first window that is like the last");
    is_int((int64_t)headline.member, 0, "it is of a group that misses most of all");
    is_text(board.panel[0]->grid.group[headline.group].text, "[\"mobile\"]", "and of that one");
    is_int((int64_t)(headline.part / DECIMAL_ONE), 207, "its number is the sum of the rows");
    is_int((int64_t)headline.base.count, 30, "it is compared with the windows before");

    usual(32, 40);
    look(AGAINST_BEST);
    ok(headline.broken && headline.window == 31 && headline.since == 30,
       "where it has been mended, the last time is named");
    look(AGAINST_NOTHING);
    ok(!headline.broken, "compared with nothing, nothing is broken");

    /* A week of windows later. */
    usual(1008, 1040);
    row(1040, "desktop", 1000, 30, 15);
    row(1040, "mobile", 2000, 45, 13);
    look(AGAINST_WEEK);
    ok(headline.broken && headline.step == 0 &&
           headline.window + 1 == board.panel[0]->grid.windows.count,
       "the same window a week ago is compared with where that is wanted");
    is_int((int64_t)headline.since, (int64_t)headline.window, "and it has just begun");
    look(AGAINST_DAY);
    ok(!headline.broken, "without a window a day ago there is no such comparison");
    board_release(&board);

    board_new();
    usual(0, 1);
    row(1008, "desktop", 1000, 30, 15);
    row(1008, "mobile", 2000, 45, 13);
    look(AGAINST_BEST);
    ok(headline.broken && headline.step == 0 && headline.base.against == AGAINST_WEEK,
       "the same window a week ago is the first choice");
    ok(headline.member == SIZE_MAX, "where all groups miss alike, none is named");
    board_release(&board);
    return plan();
}
