/*
 * news.h - what has become of carts (episode.h), on its way to rows.
 *
 * Episodes tell of one id after the other; rows come by the moment at which something became so,
 * then by id. So changes are copied, and handed out sorted once all up to a moment are known: those
 * of calls that follow each other are in the order of one.
 */
#ifndef CS_NEWS_H
#define CS_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/sort.h"
#include "session/episode.h"

/* As episodes tell it; carts are texts by now, and there is no basket. */
struct news_item {
    struct episode_change of;
    struct slice cart, value; /* JSON, "null" where there is none; value: a number or null */
    bool is_cut;
    bool is_lost; /* the value is null because there is no decimal for it */
};

struct news_entry;

struct news {
    bool has_carts; /* somebody wants to see them */
    struct news_entry *entry;
    size_t count, cap;
    struct buffer texts;
    struct sort_item *order;
    size_t order_cap;
};

void news_release(struct news *news);

/* One more. */
void news_add(struct news *news, const struct episode_change *change);

/* Hands them out in order; none is left. */
void news_take(struct news *news, void (*take)(void *context, const struct news_item *change),
               void *context);

#endif
