#include "plant.h"

#include <string.h>

#include "catalog.h"
#include "scene.h"

#define SOURCE_GOOGLE 0
#define SOURCE_DIRECT 1
#define SOURCE_INSTAGRAM 3
#define SOURCE_EMAIL 4
#define MOBILE 0
#define DESKTOP 1
#define MINUTE_MS 60000
#define ALERT_US (INT64_C(15) * 60 * 1000000) /* after which a cart is abandoned, unless told */

enum plant_kind plant_find(const char *name, size_t len)
{
    int kind = 0;
    while (kind < PLANT_KIND_COUNT &&
           (strlen(plants[kind].name) != len || strncmp(plants[kind].name, name, len) != 0))
        kind++;
    return (enum plant_kind)kind;
}

/* --- what scripts are made of --- */

/* Looks around for so many events, as people do. */
static void look_around(struct scene *scene, uint32_t events)
{
    for (uint32_t i = 0; i < events; i++) {
        const bool product = scene_below(scene, 2) == 0;
        scene_do(scene, product ? PRODUCT_VIEW : PAGE_VIEW, product ? scene_product(scene) : 0);
        scene_wait(scene, 4000, 40000);
    }
}

/* Views products and puts each into the cart, up to three different ones. Returns how many. */
static uint32_t cart_fill(struct scene *scene, uint32_t *cart)
{
    const uint32_t count = 1 + scene_below(scene, 3);
    const uint32_t first = scene_product(scene);
    for (uint32_t i = 0; i < count; i++) {
        cart[i] = 1 + (first + i * 7) % scene->options->products;
        scene_do(scene, PRODUCT_VIEW, cart[i]);
        scene_wait(scene, 5000, 40000);
        scene->left_at = scene_do(scene, ADD_TO_CART, cart[i]);
        scene_wait(scene, 3000, 30000);
    }
    return count;
}

static void cart_buy(struct scene *scene, const uint32_t *cart, uint32_t count)
{
    scene_do(scene, CHECKOUT_START, 0);
    scene_wait(scene, 30000, 120000);
    for (uint32_t i = 0; i < count; i++) {
        const size_t at = scene_do(scene, PURCHASE, cart[i]);
        if (i == 0) scene->settled_at = at;
        scene_wait(scene, 2000, 2000);
    }
}

static void log_in_now(struct scene *scene)
{
    scene_log_in(scene);
    scene->left_at = scene_do(scene, USER_IDENTIFIED, 0);
}

/* --- the scripts --- */

/* It begins as slowly as a person, and marks must reach back to there. Then more than 200 events
 * fall into every minute: no gap is over 270 ms. */
static void play_bot_by_rate(struct scene *scene)
{
    scene_visit(scene, SOURCE_DIRECT, DESKTOP);
    scene_do(scene, PAGE_VIEW, 0);
    for (uint32_t i = 10 + scene_below(scene, 10); i > 0; i--) {
        scene_wait(scene, 4000, 8000);
        scene_do(scene, PRODUCT_VIEW, scene_product(scene));
    }
    const int64_t until_us =
        scene->at_us + INT64_C(1000) * MINUTE_MS * (1 + scene_below(scene, 2)) + 30000000;
    while (scene->at_us < until_us) {
        scene_wait(scene, 130, 270);
        const bool search = scene_below(scene, 20) == 0;
        scene_do(scene, search ? SEARCH : PRODUCT_VIEW, search ? 0 : scene_product(scene));
    }
}

/* Keeps no cookie, so each page is another session; slow enough that only its name tells. */
static void play_bot_by_agent(struct scene *scene)
{
    const uint8_t agent = (uint8_t)(1 + scene->number % CRAWLER_COUNT);
    for (uint32_t i = 20 + scene_below(scene, 41); i > 0; i--) {
        scene_visit(scene, SOURCE_DIRECT, DESKTOP);
        scene->visitor.agent = agent;
        scene_do(scene, PAGE_VIEW, 0);
        scene_wait(scene, 500, 2000);
        scene_do(scene, PRODUCT_VIEW, scene_product(scene));
        scene_wait(scene, 5000, 20000);
    }
}

/* Looks around, logs in, logs out, looks at something more; comes back under another session_id,
 * and logs in again. */
static void play_login(struct scene *scene)
{
    for (int visit = 0; visit < 2; visit++) {
        scene_visit(scene, visit ? SOURCE_EMAIL : SOURCE_GOOGLE, DESKTOP);
        look_around(scene, 3 + scene_below(scene, 5));
        log_in_now(scene);
        scene_wait(scene, 4000, 40000);
        look_around(scene, 1 + scene_below(scene, 3));
        scene_log_out(scene);
        look_around(scene, 1 + scene_below(scene, 2));
        scene_wait(scene, 35 * MINUTE_MS, 60 * MINUTE_MS);
    }
}

/* Fills the cart on the telephone and buys on the computer before anybody would ask. */
static void play_devices(struct scene *scene)
{
    uint32_t cart[3];
    scene_visit(scene, SOURCE_INSTAGRAM, MOBILE);
    look_around(scene, 1 + scene_below(scene, 4));
    const uint32_t count = cart_fill(scene, cart);
    log_in_now(scene);
    scene_wait(scene, 2 * MINUTE_MS, 10 * MINUTE_MS);
    scene_visit(scene, SOURCE_DIRECT, DESKTOP);
    look_around(scene, 1 + scene_below(scene, 2));
    scene_log_in(scene);
    scene_do(scene, USER_IDENTIFIED, 0);
    scene_wait(scene, 4000, 40000);
    cart_buy(scene, cart, count);
}

/* Goes away with a full cart, and comes back after 16 to 45 minutes, in the same session. */
static void play_cart_recovered(struct scene *scene)
{
    uint32_t cart[3];
    scene_visit(scene, SOURCE_GOOGLE, (uint8_t)scene_below(scene, 2));
    scene_do(scene, PAGE_VIEW, 0);
    scene_wait(scene, 4000, 40000);
    const uint32_t count = cart_fill(scene, cart);
    scene_wait(scene, 16 * MINUTE_MS, 45 * MINUTE_MS);
    look_around(scene, 1 + scene_below(scene, 3));
    cart_buy(scene, cart, count);
}

/* Takes out again what was put in: every second one only after having been away for long. */
static void play_cart_emptied(struct scene *scene)
{
    uint32_t cart[3];
    scene_visit(scene, SOURCE_GOOGLE, (uint8_t)scene_below(scene, 2));
    scene_do(scene, PAGE_VIEW, 0);
    scene_wait(scene, 4000, 40000);
    const uint32_t count = cart_fill(scene, cart);
    if (scene->number % 2) {
        scene_wait(scene, 16 * MINUTE_MS, 45 * MINUTE_MS);
        look_around(scene, 1);
    } else {
        scene->left_at = SCENE_NONE;
    }
    for (uint32_t i = count; i > 0; i--) {
        scene->settled_at = scene_do(scene, REMOVE_FROM_CART, cart[i - 1]);
        scene_wait(scene, 2000, 15000);
    }
    look_around(scene, 1 + scene_below(scene, 3));
}

/* Leaves a full cart behind, logged in, and buys in another session, on either device: of two
 * sessions one has an abandoned cart, of the person it was recovered. */
static void play_cart_bought_later(struct scene *scene)
{
    uint32_t cart[3];
    scene_visit(scene, SOURCE_GOOGLE, MOBILE);
    look_around(scene, 1 + scene_below(scene, 3));
    const uint32_t count = cart_fill(scene, cart);
    log_in_now(scene);
    scene_wait(scene, 16 * MINUTE_MS, 45 * MINUTE_MS);
    scene_visit(scene, SOURCE_EMAIL, (uint8_t)scene_below(scene, 2));
    scene_log_in(scene);
    look_around(scene, 1 + scene_below(scene, 2));
    cart_buy(scene, cart, count);
}

/* Through pages that nobody else sees, never the same one twice running. */
static void play_path(struct scene *scene)
{
    uint32_t page = 0;
    scene_visit(scene, SOURCE_INSTAGRAM, MOBILE);
    for (uint32_t i = 3 + scene_below(scene, 4); i > 0; i--) {
        scene->visitor.page = (uint8_t)(page + 1);
        scene_do(scene, PAGE_VIEW, 0);
        scene_wait(scene, 5000, 90000);
        const uint32_t next = 1 + scene_below(scene, PAGE_COUNT - (page == 0 ? 1 : 2));
        page = page > 0 && next >= page ? next + 1 : next;
    }
}

/* --- what is to be found --- */

/* Seconds with as many places as they need. */
static char *seconds_print(char *out, int64_t us)
{
    uint32_t ms = (uint32_t)(us / 1000 % 1000);
    out = number_print(out, (uint64_t)(us / 1000000), 1);
    if (ms == 0) return out;
    *out++ = '.';
    for (; ms > 0; ms = ms * 10 % 1000)
        *out++ = (char)('0' + ms / 100);
    return out;
}

static char *say_rate(char *out, const struct scene *scene)
{
    (void)scene;
    return text_print(out, "\"bot\":\"rate\"");
}

static char *say_agent(char *out, const struct scene *scene)
{
    out = text_print(out, "\"bot\":\"agent:");
    out = text_print(out, catalog_crawlers[scene->events[0].agent - 1].name);
    return text_print(out, "\"");
}

static char *say_person(char *out, const struct scene *scene)
{
    out = text_print(out, "\"person_id\":");
    return scene_print_member(out, scene, scene_known(scene), MEMBER_USER_ID);
}

/* What became of the cart, and how long that took from the moment at which it was abandoned. */
static char *say_cart(char *out, const struct scene *scene)
{
    const bool emptied = scene->kind == PLANT_CARTS_EMPTIED;
    out = text_print(out, "\"state\":\"");
    out = text_print(out, emptied ? "emptied" : "recovered");
    out = text_print(out, "\",\"episode\":");
    out = scene_print_member(out, scene, scene->filled_at, MEMBER_EVENT_TIME);
    out = text_print(out, ",\"seconds_since_alert\":");
    if (scene->left_at == SCENE_NONE) return text_print(out, "null");
    const int64_t alert_us = scene->events[scene->left_at].time_us + ALERT_US;
    return seconds_print(out, scene->events[scene->settled_at].time_us - alert_us);
}

static char *say_cart_of_person(char *out, const struct scene *scene)
{
    out = say_person(out, scene);
    *out++ = ',';
    return say_cart(out, scene);
}

static char *say_path(char *out, const struct scene *scene)
{
    out = text_print(out, "\"path\":[");
    for (size_t i = 0; i < scene->count; i++) {
        if (i > 0) *out++ = ',';
        out = text_print(out, "{\"page_url\":");
        out = scene_print_member(out, scene, i, MEMBER_PAGE_URL);
        out = text_print(out, ",\"at\":");
        out = scene_print_member(out, scene, i, MEMBER_EVENT_TIME);
        out = text_print(out, ",\"seconds\":");
        if (i + 1 < scene->count) {
            out = seconds_print(out, scene->events[i + 1].time_us - scene->events[i].time_us);
        } else {
            out = text_print(out, "null");
        }
        *out++ = '}';
    }
    return text_print(out, "]");
}

/* clang-format off */
const struct plant plants[PLANT_KIND_COUNT] = {
    [PLANT_BOTS_BY_RATE] = {
        "bots-by-rate", "cs-identify --bots", 5, play_bot_by_rate, say_rate},
    [PLANT_BOTS_BY_AGENT] = {
        "bots-by-agent", "cs-identify --bot-agents", 10, play_bot_by_agent, say_agent},
    [PLANT_LOGINS] = {
        "logins", "cs-identify", 20, play_login, say_person},
    [PLANT_DEVICES] = {
        "devices", "cs-identify", 20, play_devices, say_person},
    [PLANT_CARTS_RECOVERED] = {
        "carts-recovered", "cs-abandon --transitions", 20, play_cart_recovered, say_cart},
    [PLANT_CARTS_EMPTIED] = {
        "carts-emptied", "cs-abandon --transitions", 20, play_cart_emptied, say_cart},
    [PLANT_CARTS_BOUGHT_LATER] = {
        "carts-bought-later", "cs-abandon --transitions --id=person_id", 20,
        play_cart_bought_later, say_cart_of_person},
    [PLANT_PATHS] = {
        "paths", "cs-sessionize --path", 50, play_path, say_path},
};
/* clang-format on */
