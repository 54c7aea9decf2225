/*
 * history.h - the rows of cs-abandon --transitions and --cart: of each episode (episode.h) what has
 * become of it, or what was in the cart when it was abandoned; or, at one point in time, who stood
 * there with what.
 */
#ifndef CS_HISTORY_H
#define CS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "session/alert.h"
#include "session/news.h"
#include "session/episode.h"

struct history {
    struct alerts *alerts; /* borrowed, like the run */
    struct run *run;
    bool all;      /* of all changes, not only of alerts */
    bool has_at;   /* only those who stand there at at_us */
    bool is_at_us; /* ... which is now */
    int64_t at_us;
    struct episodes episodes;
    struct news news;
};

/* at_us: of --at, or INT64_MIN. */
void history_init(struct history *history, struct alerts *alerts, bool all, int64_t at_us,
                  struct run *run);
void history_release(struct history *history);

enum fate history_event(struct history *history, const struct event *ev);
void history_advance(struct history *history, int64_t watermark_us);

/* The input pauses; or it has ended. */
void history_pause(struct history *history);
void history_finish(struct history *history);

void history_save(struct history *history, struct buffer *out);
bool history_load(struct history *history, struct unpack *in);

#endif
