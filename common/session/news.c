#include "session/news.h"

#include <stdlib.h>

#include "base/memory.h"
#include "session/name.h"

/* Some bytes of the texts. */
struct part {
    size_t at, len;
};

struct news_entry {
    struct episode_change of;
    struct part name, user, page, cart, value;
    bool is_cut, is_lost;
};

void news_release(struct news *news)
{
    free(news->entry);
    free(news->order);
    buffer_release(&news->texts);
    *news = (struct news){0};
}

static struct part part_add(struct news *news, struct slice text)
{
    const struct part part = {.at = news->texts.len, .len = text.len};

    buffer_add_slice(&news->texts, text);
    return part;
}

static struct slice part_slice(const struct news *news, struct part part)
{
    return (struct slice){.text = news->texts.data + part.at, .len = part.len};
}

static struct part cart_add(struct news *news, const struct basket *basket)
{
    const size_t at = news->texts.len;

    basket_print(basket, &news->texts);
    return (struct part){.at = at, .len = news->texts.len - at};
}

static struct part value_add(struct news *news, const struct basket *basket, bool *is_lost)
{
    const size_t at = news->texts.len;
    decimal value;
    const enum basket_worth worth = basket_value(basket, &value);

    if (worth == WORTH_KNOWN)
        decimal_print(&news->texts, value);
    else
        buffer_add_literal(&news->texts, "null");
    *is_lost = worth == WORTH_LOST;
    return (struct part){.at = at, .len = news->texts.len - at};
}

void news_add(struct news *news, const struct episode_change *change)
{
    if (news->count == news->cap) {
        news->cap = news->cap == 0 ? 64 : news->cap * 2;
        news->entry = memory_resize(news->entry, news->cap, sizeof *news->entry);
    }
    struct news_entry *entry = &news->entry[news->count++];
    *entry = (struct news_entry){.of = *change,
                                 .name = part_add(news, change->name),
                                 .user = part_add(news, value_slice(change->user)),
                                 .page = part_add(news, value_slice(change->page)),
                                 .is_cut = change->basket->beyond > 0};
    entry->of.basket = NULL;
    if (!news->has_carts) return;
    entry->cart = cart_add(news, change->basket);
    entry->value = value_add(news, change->basket, &entry->is_lost);
}

/* Of the same moment. */
static int entry_compare(const void *a, const void *b, void *context)
{
    const struct news *news = context;
    const uint32_t one = ((const struct sort_item *)a)->number;
    const uint32_t other = ((const struct sort_item *)b)->number;
    const int order = name_compare(part_slice(news, news->entry[one].name),
                                   part_slice(news, news->entry[other].name));

    return order != 0 ? order : (one > other) - (one < other);
}

static void order_make(struct news *news)
{
    if (news->order_cap < news->count) {
        news->order_cap = news->cap;
        news->order = memory_resize(news->order, news->cap, sizeof *news->order);
    }
    for (size_t i = 0; i < news->count; i++)
        news->order[i] =
            (struct sort_item){.key = sort_key(news->entry[i].of.moment_us), .number = (uint32_t)i};
    sort_items(news->order, news->count, entry_compare, news);
}

#define TEXTS_KEPT ((size_t)1 << 20)

void news_take(struct news *news, void (*take)(void *context, const struct news_item *change),
               void *context)
{
    if (news->count == 0) return;
    order_make(news);
    for (size_t i = 0; i < news->count; i++) {
        const struct news_entry *entry = &news->entry[news->order[i].number];
        struct news_item change = {.of = entry->of,
                                   .cart = part_slice(news, entry->cart),
                                   .value = part_slice(news, entry->value),
                                   .is_cut = entry->is_cut,
                                   .is_lost = entry->is_lost};
        change.of.name = part_slice(news, entry->name);
        change.of.user.text = part_slice(news, entry->user).text;
        change.of.page.text = part_slice(news, entry->page).text;
        take(context, &change);
    }
    news->count = 0;
    buffer_clear(&news->texts);
    buffer_trim(&news->texts, TEXTS_KEPT);
}
