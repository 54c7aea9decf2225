/*
 * board.h - all that is shown: a panel for each layout of rows there is.
 *
 * Lines come in, from any number of files; what is no row that can be shown is named, the first few
 * of them, and counted. What is held is bounded: so many rows of windows in all, the newest
 * sessions and carts, and BOARD_PANELS panels. What is printed is bounded by a size: where there is
 * more, the largest panels are thinned, and say so.
 */
#ifndef CS_BOARD_H
#define CS_BOARD_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/option.h"
#include "event/scan.h"
#include "look/grid.h"
#include "look/roll.h"

#define BOARD_PANELS 64

struct panel {
    struct layout layout;
    struct grid grid;       /* STORE_WINDOWS */
    struct roll roll;       /* STORE_ROWS */
    struct buffer *figures; /* STORE_FIGURES: the last line of each tool */
    size_t figure_count;
    struct thinning thinning; /* as it is printed */
    size_t most;              /* STORE_ROWS: so many rows are printed */
};

struct board {
    struct list groups, apart; /* what the command line says of members */
    size_t rows_max;           /* of windows, in all */
    size_t roll_max;           /* of others, in a panel */
    size_t bytes_max;          /* of all rows, about; 0: no matter */
    size_t keep;               /* windows of each panel; 0: no matter */
    struct panel *panel[BOARD_PANELS];
    size_t panels;
    struct schema schema;
    struct scanner *scanner;
    struct row row;
    uint64_t lines, unused;
    struct buffer unused_why; /* of the last line that was not used: where, and why */
};

/* What the command line says of members; good until option_release. */
struct board_options {
    struct option_list groups, apart;
};

#define BOARD_OPTION_ROWS(to)                                                                      \
    {.name = "by",                                                                                 \
     .type = OPTION_LIST,                                                                          \
     .target = &(to)->groups,                                                                      \
     .argument = "F,...",                                                                          \
     .help = "members that say what a row is of, though they are numbers; repeatable"},            \
    {                                                                                              \
        .name = "no-sum", .type = OPTION_LIST, .target = &(to)->apart, .argument = "F,...",        \
        .help = "members that are not to be added up, though they are numbers; repeatable"         \
    }

/* Takes the members that options have named, before board_init. */
void board_name(struct board *board, const struct board_options *options);

void board_init(struct board *board);
void board_release(struct board *board);

/* Takes the line at text, which ends at its newline; SCAN_PADDING bytes behind that are readable.
 * torn: that newline is ours. where: the file, for messages. Returns behind the line. */
const char *board_take(struct board *board, const char *text, bool torn, const char *where,
                       uint64_t line_number);

/* A line was too long to be read. */
void board_refuse(struct board *board, const char *why, const char *where, uint64_t line_number);

/* Adds the panels as a JSON array of at most about so many bytes, without '<', so that it may stand
 * in a page. */
void board_print(struct board *board, size_t bytes_max, struct buffer *out);

/* Puts the panels in order: by kind, then by their members. */
void board_order(struct board *board);

/* How many rows there are to show. */
uint64_t board_rows(const struct board *board);

/* Says what was not used. */
void board_tell(const struct board *board);

#endif
