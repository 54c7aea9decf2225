/*
 * pages.h - the pages of a session, one after the other, made of its track.
 *
 * A page is entered by a step whose page is not that of the step before which had one, and by any
 * view. Its seconds last to where the next page is entered; those of the last page, to the
 * session's last event, and where that is when it was entered they are not known. They are never
 * more than the cap. Of a track that was cut the first TRACK_MAX steps make pages; when the last of
 * these was left is not known.
 *
 *     for (struct pages pages = pages_walk(&track, last_us, cap_us); pages.has; pages_next(&pages))
 *         print(&pages.page);
 */
#ifndef CS_PAGES_H
#define CS_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "session/track.h"

#define PAGE_UNKNOWN INT64_MIN

struct page {
    uint32_t number;                     /* 1, 2, ... */
    struct slice url;                    /* borrowed; text NULL: it has none */
    struct slice previous_url, next_url; /* of the pages before and behind; likewise */
    int64_t at_us;                       /* when it was entered */
    int64_t duration_us;                 /* PAGE_UNKNOWN: see above */
    bool is_first, is_last;              /* of the session */
};

struct pages {
    bool has; /* is there a page, or were they all? */
    struct page page;
    /* Its own business. */
    struct track_walk walk;
    uint32_t left;     /* steps that make pages */
    struct slice said; /* the page of the last step that had one */
    struct step next;  /* which enters the next page */
    bool has_next, is_cut;
    int64_t last_us, cap_us;
};

/* track: settled, and borrowed. last_us: when the session's last event was. cap_us: INT64_MAX is
 * none. */
struct pages pages_walk(const struct track *track, int64_t last_us, int64_t cap_us);
void pages_next(struct pages *pages);

/* What is known of all of them. */
struct pages_sum {
    uint32_t count;
    int64_t duration_us;      /* of those for which it is known */
    struct slice first, last; /* page that an event has, borrowed; text NULL: none has one */
};

/* cap_us: that of the track. */
struct pages_sum pages_sum(const struct track *track, int64_t last_us, int64_t cap_us);

/* Were there more steps than make pages? */
static inline bool track_is_cut(const struct track *track)
{
    return track->all > TRACK_MAX;
}

#endif
