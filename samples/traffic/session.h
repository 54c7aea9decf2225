/*
 * session.h - one visit to the shop, an event at a time.
 *
 * A session draws at its start how far it means to go (look around, see products, fill a cart,
 * start a checkout, buy), by its source and device, and how many steps that will take. Then each
 * call gives the event that is due and how long the visitor thinks before the next one.
 *
 * A bot is a session too: it looks at one product after the other, about one a second.
 */
#ifndef TRAFFIC_SESSION_H
#define TRAFFIC_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "options.h"
#include "rng.h"

/* Mean number of events of a session, in thousandths, as measured; turns --rate into arrivals. */
#define EVENTS_PER_SESSION_MILLI 4800

#define CART_MAX 4

enum goal { GOAL_LOOK, GOAL_VIEW, GOAL_CART, GOAL_CHECKOUT, GOAL_PURCHASE };

struct cart_item {
    uint32_t product;
    uint8_t quantity;
};

struct session {
    uint64_t number;
    int64_t bot_until_us; /* 0: a person */
    struct cart_item cart[CART_MAX];
    uint32_t user; /* who this is; 0: nobody with an account */
    uint32_t product;
    uint16_t term; /* last searched */
    uint8_t goal;  /* enum goal */
    uint8_t next;  /* enum event_type */
    uint8_t source;
    uint8_t device;
    uint8_t campaign;
    uint8_t pages_left;
    uint8_t views_left;
    uint8_t adds_left;
    uint8_t cart_count;
    uint8_t bought;    /* items of the cart that have been */
    uint8_t checkouts; /* started */
    bool logged_in;
    bool searches;       /* is one who searches */
    bool searched;       /* the last thing was a search */
    bool spike_searched; /* has joined a --search-spike */
    bool viewed;         /* a product that is not in the cart yet */
    bool pauses;         /* will leave the screen for long, once */
    bool started;
};

/* Sets up a visitor. */
void session_init(struct session *session, uint64_t number, const struct options *options,
                  struct rng *rng);

/* Sets up a bot that stays until a time. */
void session_init_bot(struct session *session, uint64_t number, int64_t until_us, struct rng *rng,
                      uint32_t products);

/* Makes the event due at event->time_us (the caller sets time_us and number). Returns the time
 * to the next one, in microseconds, or -1 when this was the last. */
int64_t session_step(struct session *session, struct event *event, const struct options *options,
                     struct rng *rng);

#endif
