#include "look/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#define NCURSES_WIDECHAR 1 /* glibc alone says so by itself */
#include <ncurses.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"
#include "look/view.h"

/* Of term.h, which has macros that are called as much is here: tone, columns, lines. */
char *tigetstr(const char *name);

/* So much of what was kept aside is printed. */
#define ASIDE_BYTES ((size_t)64 << 10)

static SCREEN *terminal;
static FILE *keys;
static int size_fd = -1, size_wake_fd = -1, standard_error = -1;
static attr_t looks[TONES];
static short pairs[TONES];

bool screen_is_utf8(void)
{
    (void)setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* --- standard error, while the terminal is ours --- */

static void error_aside(void)
{
    if (!isatty(STDERR_FILENO)) return;
    const int aside = file_unnamed("messages");
    if (aside < 0) return;
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (standard_error >= 0) (void)dup2(aside, STDERR_FILENO);
    close(aside);
}

static void error_back(void)
{
    if (standard_error < 0) return;
    const int aside = dup(STDERR_FILENO);
    (void)dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    standard_error = -1;
    if (aside < 0) return;
    char *const text = memory_new(ASIDE_BYTES);
    const ssize_t got = pread(aside, text, ASIDE_BYTES, 0);
    if (got > 0) message_pass(text, (size_t)got);
    free(text);
    close(aside);
}

/* --- taking and giving --- */

static FILE *keys_open(bool data_from_stdin)
{
    if (!data_from_stdin && isatty(STDIN_FILENO)) return stdin;
    return fopen("/dev/tty", "re");
}

static void looks_set(void)
{
    static const struct {
        enum tone tone;
        short colour;
        attr_t look, without; /* with colours, and without */
    } rules[] = {
        {TONE_DIM, -1, A_DIM, A_DIM},
        {TONE_STRONG, -1, A_BOLD, A_BOLD},
        {TONE_TITLE, -1, A_BOLD, A_BOLD},
        {TONE_GOOD, COLOR_GREEN, A_NORMAL, A_NORMAL},
        {TONE_BAD, COLOR_RED, A_BOLD, A_BOLD | A_UNDERLINE},
        {TONE_WARN, COLOR_YELLOW, A_NORMAL, A_BOLD},
        {TONE_BAR, COLOR_CYAN, A_NORMAL, A_NORMAL},
        {TONE_LINE, COLOR_BLUE, A_BOLD, A_NORMAL},
        {TONE_REVERSE, -1, A_REVERSE, A_REVERSE},
    };
    const char *const no_color = getenv("NO_COLOR");
    const bool colours = (no_color == NULL || *no_color == '\0') && has_colors() &&
                         start_color() == OK && use_default_colors() == OK;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const enum tone tone = rules[i].tone;
        looks[tone] = colours ? rules[i].look : rules[i].without;
        if (!colours || rules[i].colour < 0) continue;
        pairs[tone] = (short)tone;
        (void)init_pair((short)tone, rules[i].colour, -1);
    }
}

static int watch(int also_fd)
{
    const int fds[] = {fileno(keys), size_fd, also_fd};
    const int all = epoll_create1(EPOLL_CLOEXEC);
    if (all < 0) die_errno("epoll_create1");
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(all, EPOLL_CTL_ADD, fds[i], &event) != 0) die_errno("epoll_ctl");
    }
    return all;
}

static void on_size(int signal)
{
    (void)signal;
    waker_wake(size_wake_fd);
}

/* A new size is read like a key. */
static void sizes_catch(void)
{
    struct sigaction action = {.sa_handler = on_size, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (!waker_open(&size_fd, &size_wake_fd)) die_errno("a descriptor for signals");
    sigaction(SIGWINCH, &action, NULL);
}

int screen_open(bool data_from_stdin, int also_fd)
{
    if (!isatty(STDOUT_FILENO))
        die_usage("standard output is no terminal; one picture as text: --once");
    keys = keys_open(data_from_stdin);
    if (keys == NULL) die_usage("there is no terminal that keys could come from: /dev/tty");
    sizes_catch();
    terminal = newterm(NULL, stdout, keys);
    if (terminal == NULL) {
        const char *const type = getenv("TERM");
        die_usage("the terminal's type, '%s', is not known", type == NULL ? "" : type);
    }
    const char *const place = tigetstr("cup");
    if (place == NULL || place == (const char *)-1) {
        screen_close();
        die_usage("the terminal cannot place text; one picture as text: --once");
    }
    error_aside();
    if (atexit(screen_close) != 0) die("atexit");
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)curs_set(0);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)set_escdelay(25);
    looks_set();
    return watch(also_fd);
}

void screen_close(void)
{
    if (terminal == NULL) return;
    (void)endwin();
    (void)fflush(stdout);
    delscreen(terminal);
    terminal = NULL;
    error_back();
}

void screen_size(int *rows, int *columns)
{
    getmaxyx(stdscr, *rows, *columns);
}

static bool size_take(void)
{
    uint64_t news;
    struct winsize size;
    bool some = false;
    while (read(size_fd, &news, sizeof news) == (ssize_t)sizeof news)
        some = true;
    if (!some || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return some;
    if (size.ws_row > 0 && size.ws_col > 0) (void)resizeterm(size.ws_row, size.ws_col);
    (void)clearok(curscr, TRUE); /* what the terminal made of the old picture is unknown */
    return true;
}

bool screen_key(int *key, bool *resized)
{
    static const struct {
        int curses, key;
    } names[] = {
        {KEY_LEFT, VIEW_LEFT},
        {KEY_RIGHT, VIEW_RIGHT},
        {KEY_UP, VIEW_UP},
        {KEY_DOWN, VIEW_DOWN},
        {KEY_PPAGE, VIEW_PAGE_UP},
        {KEY_NPAGE, VIEW_PAGE_DOWN},
        {KEY_HOME, VIEW_HOME},
        {KEY_END, VIEW_END},
        {KEY_BTAB, VIEW_TAB_BACK},
        {KEY_ENTER, '\n'},
        {KEY_BACKSPACE, VIEW_BACKSPACE},
        {KEY_DC, VIEW_BACKSPACE},
        {KEY_SLEFT, VIEW_LEFT},
        {KEY_SRIGHT, VIEW_RIGHT},
    };
    *resized |= size_take();
    for (;;) {
        const int code = wgetch(stdscr);
        if (code == ERR) return false;
        *key = code;
        if (code < 256) return true;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (names[i].curses != code) continue;
            *key = names[i].key;
            return true;
        }
    }
}

/* --- the picture --- */

/* The cell as ncurses has it. What the C library takes for wider or narrower than we do would move
 * all that stands behind it: question marks stand for it. */
static void cell_make(const struct cell *cell, cchar_t *out)
{
    wchar_t text[CELL_BYTES + 1];
    mbstate_t state = {0};
    const char *at = cell->text;
    size_t len = cell->len, count = 0;
    while (len > 0 && count < CCHARW_MAX) {
        const size_t used = mbrtowc(&text[count], at, len, &state);
        if (used == 0 || used > len) break;
        at += used;
        len -= used;
        count++;
    }
    if (count == 0 || wcwidth(text[0]) != cell->columns) {
        text[0] = L'?';
        count = 1;
    }
    text[count] = L'\0';
    if (setcchar(out, text, looks[cell->tone], pairs[cell->tone], NULL) == OK) return;
    text[0] = L'?';
    text[1] = L'\0';
    (void)setcchar(out, text, looks[cell->tone], pairs[cell->tone], NULL);
}

void screen_show(const struct canvas *canvas)
{
    (void)erase();
    for (int y = 0; y < canvas->rows; y++) {
        const struct cell *const row = canvas->cell + (size_t)y * (size_t)canvas->columns;
        for (int x = 0; x < canvas->columns; x++) {
            cchar_t one;
            if (row[x].columns == 0) continue;
            /* The other half of what has become a question mark stays blank. */
            cell_make(&row[x], &one);
            (void)mvadd_wchnstr(y, x, &one, 1);
        }
    }
    (void)refresh();
}
