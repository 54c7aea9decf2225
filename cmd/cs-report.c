/*
 * cs-report - rows of the tools as a page: one file, to be looked at in a browser.
 *
 * What rows there are, and what of them is shown, is known in look/kind.h; what is here: the
 * options, and how a live page goes on.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/paths.h"
#include "base/size.h"
#include "base/streams.h"
#include "base/utf8.h"
#include "look/tail.h"
#include "look/page.h"
#include "run/signals.h"

static const char *output_path, *title = "Report", *size_text = "5M";
static int64_t live_us, rows_max = 2000000, list_rows = 1000;
static struct board_options given_names;

static const struct option_row options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .target = &output_path,
     .argument = "FILE",
     .help = "the page (default: standard output)"},
    {.name = "title",
     .type = OPTION_TEXT,
     .target = &title,
     .argument = "TEXT",
     .help = "what the page is called (default Report)"},
    {.name = "live",
     .type = OPTION_DURATION,
     .target = &live_us,
     .argument = "DUR",
     .least = 100000,
     .help = "go on reading, and bring the page what is new every DUR"},
    {.name = "max-size",
     .type = OPTION_TEXT,
     .target = &size_text,
     .argument = "SIZE",
     .help = "where there is more data, windows are added up to longer ones (default 5M)"},
    {.name = "max-rows",
     .type = OPTION_NUMBER,
     .target = &rows_max,
     .argument = "N",
     .least = 1000,
     .help = "hold N rows of windows, the newest (default 2000000)"},
    {.name = "list-rows",
     .type = OPTION_NUMBER,
     .target = &list_rows,
     .argument = "N",
     .least = 1,
     .help = "of sessions, carts and the like, show the N newest (default 1000)"},
    BOARD_OPTION_ROWS(&given_names),
    OPTION_END,
};

/* Brings the page what is new, until a signal comes. */
static void live_run(struct tail *tail, struct page *page, struct board *board)
{
    int64_t due_us = instant_steady();
    bool fresh = false;
    page_write(page, board, output_path);
    while (stop_signal == 0) {
        fresh |= tail_more(tail);
        const int64_t now_us = instant_steady();
        if (now_us >= due_us) {
            page_refresh(page, board, fresh);
            fresh = false;
            /* Data that takes long to write is written less often. */
            due_us = now_us + live_us;
            const int64_t took_us = instant_steady() - now_us;
            if (took_us > live_us / 4) due_us = now_us + 4 * took_us;
        }
        tail_wait(tail, due_us - instant_steady());
    }
    page_refresh(page, board, tail_more(tail) || fresh);
}

static void names_note(int first, int argc, char **argv)
{
    for (int i = first; i < argc; i++)
        paths_note(NULL, argv[i], PATH_READ);
    if (first == argc) paths_note_stream("standard input", STDIN_FILENO, true);
    if (output_path == NULL)
        paths_note_stream("standard output", STDOUT_FILENO, false);
    else
        paths_note("--output", output_path, PATH_REPORT);
    paths_check();
}

static void board_settle(struct board *board)
{
    board_name(board, &given_names);
    board->rows_max = (size_t)rows_max;
    board->roll_max = (size_t)list_rows;
    board_init(board);
}

int main(int argc, char **argv)
{
    struct board board = {0};
    struct page page = {0};
    struct tail tail;
    int64_t bytes_max;
    message_name("cs-report");
    streams_occupy();
    memory_return_early();
    option_help_texts("Usage: cs-report [OPTION]... [FILE]...\n"
                      "show rows of the tools as a page, one file for a browser\n",
                      "\nRows, times and exit codes: clickstream(7).\n");
    const int first = option_parse(argc, argv, options, NULL);
    const char *const why = size_parse(size_text, &bytes_max);
    if (why != NULL) die_usage("--max-size: '%s' %s", size_text, why);
    if (!utf8_valid(slice_of(title))) die_usage("--title: '%s' is not UTF-8", title);
    if (list_rows > 100000) die_usage("--list-rows: a page shows 100000 at most");
    if (live_us != 0 && output_path == NULL)
        die_usage("--live: needs --output=FILE, beside which the data is");
    if (output_path == NULL && isatty(STDOUT_FILENO))
        die_usage("a page is nothing for a terminal: -o FILE");
    names_note(first, argc, argv);
    page.title = title;
    page.live_us = live_us;
    page.bytes_max = (size_t)bytes_max;
    page_open(&page, output_path);
    const int wake_fd = signals_catch(false, false);
    board_settle(&board);
    tail_open(&tail, &board, argv + first, argc - first, live_us != 0, wake_fd);
    if (live_us != 0) {
        live_run(&tail, &page, &board);
    } else {
        tail_all(&tail);
        if (stop_signal != SIGINT) page_write(&page, &board, output_path);
    }
    board_tell(&board);
    const bool in_vain = board.lines > 0 && board_rows(&board) == 0;
    tail_release(&tail);
    page_release(&page);
    board_release(&board);
    paths_release();
    option_release();
    if (stop_signal == SIGINT) raise(SIGINT); /* the caller sees how we ended */
    return in_vain ? EXIT_FAILED : EXIT_DONE;
}
