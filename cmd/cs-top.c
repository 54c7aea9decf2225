/*
 * cs-top - rows of the tools in a terminal, as they come.
 *
 * What rows there are is known in look/kind.h, what is shown of them in look/picture.h; what is
 * here: the options, and when what is read is drawn.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/paths.h"
#include "base/streams.h"
#include "look/picture.h"
#include "look/screen.h"
#include "look/tail.h"
#include "run/signals.h"

/* What is held of rows; a picture, the tables' growth and the program come to less than as much. */
#define BYTES_MAX ((size_t)32 << 20)
/* Ten pictures a second at most; and how long rows are read before a picture is looked after. */
#define DRAW_US INT64_C(100000)
#define READ_US INT64_C(40000)
/* How often files are asked whether they have grown. */
#define LOOK_US INT64_C(250000)

static int64_t keep = 1440, list_rows = 2000, panel = 1;
static bool once;
static struct board_options given_names;

static const struct option_row options[] = {
    {.name = "keep",
     .type = OPTION_NUMBER,
     .target = &keep,
     .argument = "N",
     .least = 2,
     .help = "hold N windows of each panel (default 1440)"},
    {.name = "list-rows",
     .type = OPTION_NUMBER,
     .target = &list_rows,
     .argument = "N",
     .least = 1,
     .help = "of sessions, carts and the like, hold the N newest (default 2000)"},
    {.name = "panel",
     .type = OPTION_NUMBER,
     .target = &panel,
     .argument = "N",
     .least = 1,
     .help = "begin with that panel (default 1, the first screen)"},
    {.name = "once",
     .type = OPTION_FLAG,
     .target = &once,
     .help = "read all there is, print one picture as text, and end"},
    BOARD_OPTION_ROWS(&given_names),
    OPTION_END,
};

static struct buffer said; /* the last message */

static void message_note(const char *text, size_t len)
{
    message_pass(text, len); /* to where standard error goes now */
    buffer_clear(&said);
    buffer_add(&said, text, len > 0 && text[len - 1] == '\n' ? len - 1 : len);
}

static void draw(struct picture *picture, int rows, int columns)
{
    picture->now_us = instant_now();
    picture->message = buffer_slice(&said);
    canvas_size(picture->canvas, rows, columns);
    picture_draw(picture);
}

/* Until when the age that is shown stays what it is. */
static int64_t age_us(const struct picture *picture)
{
    const bool young = picture->arrived_us != TIME_NONE &&
                       instant_now() - picture->arrived_us < INT64_C(120000000);
    return young ? INT64_C(1000000) : INT64_C(30000000);
}

/* Takes the keys that wait; true: there were some, or the terminal has another size. */
static bool keys_take(struct view *view)
{
    int key;
    bool some = false;
    while (!view->quit && screen_key(&key, &some)) {
        view_key(view, key);
        some = true;
    }
    return some;
}

static void signals_drain(int signals_fd)
{
    uint64_t count;
    (void)!read(signals_fd, &count, sizeof count);
}

/* When what is drawn. */
struct pace {
    int64_t drawn_us, took_us; /* the last picture: when, and how long it took */
    int64_t age_due_us;
    bool fresh; /* rows have come since */
    bool asked; /* keys have */
};

/* When the next picture is due: one that takes long is not drawn so often, but for who asks. */
static int64_t picture_due(const struct pace *pace, const struct view *view)
{
    if (pace->asked) return pace->drawn_us + DRAW_US;
    if (view->paused) return INT64_MAX;
    const int64_t rest_us = pace->took_us * 4;
    if (pace->fresh) return pace->drawn_us + (rest_us > DRAW_US ? rest_us : DRAW_US);
    return INT64_MAX;
}

static void draw_due(struct pace *pace, struct picture *picture)
{
    const int64_t now_us = instant_steady();
    int rows, columns;
    if (now_us >= picture_due(pace, picture->view)) {
        screen_size(&rows, &columns);
        draw(picture, rows, columns);
        screen_show(picture->canvas);
        *pace = (struct pace){.drawn_us = now_us, .took_us = instant_steady() - now_us};
    } else if (now_us < pace->age_due_us || picture->view->paused) {
        return;
    } else {
        picture->now_us = instant_now();
        picture_draw_age(picture);
        screen_show(picture->canvas);
    }
    pace->age_due_us = now_us + age_us(picture);
}

static void live_run(struct tail *tail, struct picture *picture, int signals_fd)
{
    struct pace pace = {.fresh = true};
    while (stop_signal == 0 && !picture->view->quit) {
        tail->until_us = instant_steady() + READ_US;
        if (tail_more(tail)) {
            pace.fresh = true;
            picture->arrived_us = instant_now();
        }
        pace.asked |= keys_take(picture->view);
        signals_drain(signals_fd);
        picture->waiting = tail->files > 0 || !tail->streams_end;
        draw_due(&pace, picture);
        int64_t wait_us = picture_due(&pace, picture->view);
        if (pace.age_due_us < wait_us && !picture->view->paused) wait_us = pace.age_due_us;
        wait_us -= instant_steady();
        if (tail->files > 0 && wait_us > LOOK_US) wait_us = LOOK_US;
        if (!tail->behind) tail_wait(tail, wait_us > 0 ? wait_us : 0);
    }
}

/* So large as the terminal, or as LINES and COLUMNS say. */
static int size_of(const char *name, int from_terminal, int usual)
{
    const char *const text = getenv(name);
    const int said_so = text == NULL ? 0 : atoi(text);
    if (said_so >= 10 && said_so <= 1000) return said_so;
    return from_terminal > 0 ? from_terminal : usual;
}

static void once_run(struct tail *tail, struct picture *picture)
{
    struct winsize size = {0};
    struct buffer text = {0};
    tail_all(tail);
    picture->arrived_us = instant_now();
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = (struct winsize){0};
    draw(picture, size_of("LINES", size.ws_row, 24), size_of("COLUMNS", size.ws_col, 80));
    canvas_print(picture->canvas, &text);
    if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        die_errno("standard output");
    buffer_release(&text);
}

/* Does standard input bring rows? Then keys come from elsewhere. */
static bool stdin_is_read(int first, int argc, char **argv)
{
    bool is_read = first == argc;
    for (int i = first; i < argc; i++) {
        paths_note(NULL, argv[i], PATH_READ);
        is_read |= strcmp(argv[i], "-") == 0;
    }
    if (is_read && isatty(STDIN_FILENO))
        die_usage("no rows come from the terminal: name files, or pipe rows into cs-top");
    if (is_read) paths_note_stream("standard input", STDIN_FILENO, true);
    paths_check();
    return is_read;
}

static void board_settle(struct board *board)
{
    board_name(board, &given_names);
    board->rows_max = SIZE_MAX;
    board->bytes_max = BYTES_MAX;
    board->roll_max = (size_t)list_rows;
    board->keep = (size_t)keep;
    board_init(board);
}

int main(int argc, char **argv)
{
    struct board board = {0};
    struct view view;
    struct canvas canvas = {0};
    struct tail tail;
    struct picture picture = {
        .board = &board, .view = &view, .canvas = &canvas, .arrived_us = TIME_NONE};
    message_name("cs-top");
    streams_occupy();
    memory_return_early();
    option_help_texts("Usage: cs-top [OPTION]... [FILE]...\n"
                      "show rows of the tools in a terminal, as they come\n",
                      "\nKeys: ? in the picture, or cs-top(1). Rows and exit codes: "
                      "clickstream(7).\n");
    const int first = option_parse(argc, argv, options, NULL);
    if (list_rows > 100000) die_usage("--list-rows: 100000 at most");
    const bool from_stdin = stdin_is_read(first, argc, argv);
    canvas.ascii = !screen_is_utf8();
    view_init(&view);
    view.panel = (size_t)panel - 1;
    const int signals_fd = signals_catch(false, false);
    const int wake_fd = once ? signals_fd : screen_open(from_stdin, signals_fd);
    if (!once) message_keep(message_note);
    board_settle(&board);
    tail_open(&tail, &board, argv + first, argc - first, !once, wake_fd);
    if (once)
        once_run(&tail, &picture);
    else
        live_run(&tail, &picture, signals_fd);
    screen_close();
    board_tell(&board);
    const bool in_vain = once && board.lines > 0 && board_rows(&board) == 0;
    tail_release(&tail);
    canvas_release(&canvas);
    buffer_release(&said);
    board_release(&board);
    paths_release();
    option_release();
    if (stop_signal == SIGINT) raise(SIGINT); /* the caller sees how we ended */
    return in_vain ? EXIT_FAILED : EXIT_DONE;
}
