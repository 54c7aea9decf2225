/*
 * event.h - one event as the simulation knows it: numbers, not yet text.
 *
 * A plain value: it can be copied, kept back and printed later or twice. Texts follow from it
 * and from the options alone.
 */
#ifndef TRAFFIC_EVENT_H
#define TRAFFIC_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_PLANTED (UINT64_C(1) << 62) /* in the numbers of planted events, and of no others */

enum event_type {
    PAGE_VIEW,
    PRODUCT_VIEW,
    SEARCH,
    ADD_TO_CART,
    REMOVE_FROM_CART,
    USER_IDENTIFIED,
    CHECKOUT_START,
    PURCHASE,
};

struct event {
    uint64_t number;  /* of the event in the run, from 0 */
    uint64_t session; /* number of the session */
    int64_t time_us;
    uint32_t user;    /* 0: not logged in */
    uint32_t product; /* 0: none */
    uint32_t detail;  /* random bits for what the texts leave open */
    uint16_t term;    /* of a search: catalog_term, or TERM_COUNT + a span of --search-spike */
    uint8_t type;     /* enum event_type */
    uint8_t source;
    uint8_t device;
    uint8_t campaign; /* 0: none */
    uint8_t quantity;
    uint8_t landing; /* the first of its session */
    uint8_t page;    /* 0: as the type says; else one of catalog_pages, from 1 */
    uint8_t agent;   /* 0: a person's; else one of catalog_crawlers, from 1 */
};

static inline bool event_is_planted(const struct event *event)
{
    return event->number & EVENT_PLANTED;
}

#endif
