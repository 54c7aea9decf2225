/*
 * page.h - a page with the rows of a board in it: one file that needs no other.
 *
 * The page itself, its script and its looks, is share/clickstream/report.html, which make builds of
 * scripts/web/report; here the title and the data are put in. Scripts and styles are named there by
 * their hashes, so nothing that a row says can become one.
 *
 * A live page is written once, without data. The data is in a script beside it, replaced as a whole
 * each time; the page takes it in again and again, from a file or from any web server.
 */
#ifndef CS_PAGE_H
#define CS_PAGE_H

#include <stdint.h>

#include "base/buffer.h"
#include "look/board.h"

struct page {
    const char *title;    /* UTF-8 */
    size_t bytes_max;     /* of data */
    int64_t live_us;      /* how often the data is replaced; 0: it is in the page */
    struct buffer whole;  /* the page as it was built */
    struct buffer script; /* the name of the file with the data, with a NUL; live */
    struct buffer data;   /* as it was printed last */
    uint64_t sequence;    /* how often it has been */
};

/* Reads the page as it was built; without it exit 2. path: where it will be, NULL for standard
 * output. */
void page_open(struct page *page, const char *path);

/* The page, with the rows of the board unless it is live, to path, or standard output. */
void page_write(struct page *page, struct board *board, const char *path);

/* Live: the data, as it is now, to the file beside the page. fresh: it has changed since. */
void page_refresh(struct page *page, struct board *board, bool fresh);

void page_release(struct page *page);

#endif
