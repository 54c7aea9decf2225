#include "session.h"

#include "catalog.h"

#define CAMPAIGN_COUNT 40
#define CHECKOUTS_MAX 3
#define THINK_MIN_MS 300
#define THINK_MAX_MS 300000

/* A number from 0 on, mean share / (1 - share); ends at 30. */
static uint8_t rng_geometric(struct rng *rng, uint32_t share_ppm)
{
    uint8_t number = 0;
    while (number < 30 && rng_chance(rng, share_ppm))
        number++;
    return number;
}

static uint8_t source_draw(struct rng *rng)
{
    uint32_t at = rng_below(rng, 1000);
    uint8_t source = 0;
    while (at >= catalog_sources[source].weight)
        at -= catalog_sources[source++].weight;
    return source;
}

static uint8_t device_draw(struct rng *rng, const struct source *source)
{
    if (rng_below(rng, 1000) < source->mobile) return 0;
    return rng_below(rng, 1000) < 820 ? 1 : 2;
}

/* Interest scales the chance of a cart; what follows a cart depends on source and device too, but
 * less. */
static enum goal goal_draw(struct rng *rng, const struct source *source,
                           const struct device *device)
{
    const uint32_t interest = (uint32_t)source->interest * device->interest / 1000;
    if (!rng_chance(rng, 520000 + interest * 80)) return GOAL_LOOK;
    if (!rng_chance(rng, interest * 255)) return GOAL_VIEW;
    if (!rng_chance(rng, 470000 + interest * 60)) return GOAL_CART;
    if (!rng_chance(rng, (uint32_t)device->completion * 1000)) return GOAL_CHECKOUT;
    return GOAL_PURCHASE;
}

/* The smaller of two: some people come more often, nobody all the time. */
static uint32_t user_draw(struct rng *rng, uint32_t users)
{
    const uint32_t a = rng_below(rng, users);
    const uint32_t b = rng_below(rng, users);
    return (a < b ? a : b) + 1;
}

void session_init(struct session *session, uint64_t number, const struct options *options,
                  struct rng *rng)
{
    *session = (struct session){.number = number, .next = PAGE_VIEW};
    session->source = source_draw(rng);
    const struct source *source = &catalog_sources[session->source];
    session->device = device_draw(rng, source);
    if (rng_below(rng, 1000) < source->paid)
        session->campaign = (uint8_t)(1 + rng_zipf(rng, CAMPAIGN_COUNT));
    session->goal = (uint8_t)goal_draw(rng, source, &catalog_devices[session->device]);
    session->pages_left = rng_geometric(rng, session->goal == GOAL_LOOK ? 400000 : 600000);
    if (session->goal >= GOAL_VIEW) session->views_left = (uint8_t)(1 + rng_geometric(rng, 700000));
    if (session->goal >= GOAL_CART) {
        session->adds_left = (uint8_t)(1 + rng_geometric(rng, 300000));
        if (session->adds_left > CART_MAX) session->adds_left = CART_MAX;
        session->views_left = (uint8_t)(session->views_left + session->adds_left);
    }
    session->searches = rng_chance(rng, 400000);
    session->pauses = rng_chance(rng, 15000);
    if (rng_chance(rng, 350000)) session->user = user_draw(rng, options->users);
    session->logged_in = session->user && rng_chance(rng, 300000); /* a cookie remembers */
}

void session_init_bot(struct session *session, uint64_t number, int64_t until_us, struct rng *rng,
                      uint32_t products)
{
    *session = (struct session){.number = number, .bot_until_us = until_us};
    session->source = 1; /* direct */
    session->device = 1; /* desktop */
    session->next = PRODUCT_VIEW;
    session->product = rng_below(rng, products);
}

/* What the visitor does next; false when nothing. */
static bool session_choose(struct session *session, bool search_spike, struct rng *rng)
{
    const uint32_t steps = (uint32_t)session->pages_left + session->views_left;
    if (search_spike && !session->spike_searched && session->cart_count == 0 &&
        rng_chance(rng, 600000)) {
        session->next = SEARCH;
    } else if (session->next == ADD_TO_CART && rng_chance(rng, 120000) &&
               (session->cart_count > 1 || session->goal == GOAL_CART)) {
        session->next = REMOVE_FROM_CART;
    } else if (session->viewed && session->adds_left > 0 &&
               (session->views_left == 0 || rng_chance(rng, 350000))) {
        session->adds_left--;
        session->next = ADD_TO_CART;
    } else if (steps > 0 && rng_below(rng, steps) < session->views_left) {
        session->views_left--;
        session->next = PRODUCT_VIEW;
    } else if (steps > 0) {
        session->pages_left--;
        session->next = session->searches && rng_chance(rng, 600000) ? SEARCH : PAGE_VIEW;
        if (session->user && !session->logged_in && rng_chance(rng, 100000))
            session->next = USER_IDENTIFIED;
    } else if (session->goal < GOAL_CHECKOUT || session->cart_count == 0) {
        return false;
    } else if (session->user && !session->logged_in) {
        session->next = USER_IDENTIFIED;
    } else if (session->checkouts == 0) {
        session->next = CHECKOUT_START;
    } else {
        session->next = PURCHASE;
        return session->goal == GOAL_PURCHASE && session->bought < session->cart_count &&
               session->checkouts < CHECKOUTS_MAX;
    }
    return true;
}

/* How long the visitor takes to do what comes next. */
static int64_t session_think(struct session *session, struct rng *rng)
{
    static const int32_t mean_ms[] = {
        [PAGE_VIEW] = 15000,      [PRODUCT_VIEW] = 20000,     [SEARCH] = 9000,
        [ADD_TO_CART] = 22000,    [REMOVE_FROM_CART] = 12000, [USER_IDENTIFIED] = 18000,
        [CHECKOUT_START] = 25000, [PURCHASE] = 70000,
    };
    if (session->next == PURCHASE && session->bought > 0) return 2000; /* the same order */
    if (session->pauses && rng_chance(rng, 300000)) {
        session->pauses = false;
        return INT64_C(60000000) * (16 + rng_below(rng, 30));
    }
    const int64_t ms = THINK_MIN_MS + rng_exponential(rng, mean_ms[session->next]);
    return (ms < THINK_MAX_MS ? ms : THINK_MAX_MS) * 1000;
}

/* The term of a search: nearly always that of the spike, if there is one. */
static uint16_t session_search(struct session *session, const struct options *options,
                               const struct span *spike, struct rng *rng)
{
    session->searched = true;
    if (spike && (!session->spike_searched || rng_chance(rng, 500000))) {
        session->spike_searched = true;
        return (uint16_t)(TERM_COUNT + (spike - options->search_spikes.list));
    }
    return (uint16_t)rng_zipf(rng, TERM_COUNT);
}

/* A product to look at: after a search often one of the few that fit its term. */
static uint32_t session_look(struct session *session, const struct options *options,
                             struct rng *rng)
{
    if (session->bot_until_us) return session->product % options->products + 1;
    if (session->searched && rng_chance(rng, 600000)) {
        const uint32_t best = (uint32_t)(mix64(session->term) % options->products);
        return catalog_product((best + rng_zipf(rng, 12)) % options->products, options->products);
    }
    return catalog_product(rng_zipf(rng, options->products), options->products);
}

/* Takes one item of the cart out. */
static struct cart_item cart_remove(struct session *session, struct rng *rng)
{
    const uint32_t at = rng_below(rng, session->cart_count);
    const struct cart_item item = session->cart[at];
    session->cart[at] = session->cart[--session->cart_count];
    return item;
}

/* Fills in what is due, with its effect on the session. */
static void session_act(struct session *session, struct event *event, const struct options *options,
                        const struct span *spike, struct rng *rng)
{
    struct cart_item item = {.product = session->product, .quantity = 1};
    event->type = session->next;
    switch ((enum event_type)session->next) {
    case SEARCH: event->term = session->term = session_search(session, options, spike, rng); break;
    case PRODUCT_VIEW:
        event->product = session->product = session_look(session, options, rng);
        session->viewed = true;
        session->searched = false;
        break;
    case ADD_TO_CART:
        item.quantity = (uint8_t)(1 + rng_geometric(rng, 150000));
        session->cart[session->cart_count++] = item;
        session->viewed = false;
        break;
    case REMOVE_FROM_CART: item = cart_remove(session, rng); break;
    case USER_IDENTIFIED: session->logged_in = true; break;
    case CHECKOUT_START: session->checkouts++; break;
    case PURCHASE: item = session->cart[session->bought++]; break;
    case PAGE_VIEW: break;
    }
    if (event->type == ADD_TO_CART || event->type == REMOVE_FROM_CART || event->type == PURCHASE) {
        event->product = item.product;
        event->quantity = item.quantity;
    }
}

int64_t session_step(struct session *session, struct event *event, const struct options *options,
                     struct rng *rng)
{
    const int64_t offset_us = event->time_us - options->start_us;
    const struct span *spike =
        session->bot_until_us ? NULL : spans_find(&options->search_spikes, offset_us);
    *event = (struct event){.number = event->number,
                            .time_us = event->time_us,
                            .session = session->number,
                            .source = session->source,
                            .device = session->device,
                            .campaign = session->campaign,
                            .landing = !session->started,
                            .detail = (uint32_t)(rng_next(rng) >> 32)};
    if (session->next == PURCHASE && spans_find(&options->outages, offset_us))
        session->next = CHECKOUT_START; /* it did not go through: once more */
    session_act(session, event, options, spike, rng);
    if (session->logged_in) event->user = session->user;
    session->started = true;
    if (session->bot_until_us) {
        if (event->time_us >= session->bot_until_us) return -1;
        return INT64_C(1000) * (700 + rng_below(rng, 600));
    }
    if (!session_choose(session, spike != NULL, rng)) return -1;
    return session_think(session, rng);
}
