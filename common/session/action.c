#include "session/action.h"

enum action action_of(struct value event_type)
{
    static const struct slice names[ACTION_COUNT] = {
        [ACTION_PAGE_VIEW] = {"page_view", 9},
        [ACTION_PRODUCT_VIEW] = {"product_view", 12},
        [ACTION_ADD_TO_CART] = {"add_to_cart", 11},
        [ACTION_PURCHASE] = {"purchase", 8},
    };
    static const uint8_t by_length[] = {
        [8] = ACTION_PURCHASE,
        [9] = ACTION_PAGE_VIEW,
        [11] = ACTION_ADD_TO_CART,
        [12] = ACTION_PRODUCT_VIEW,
    };

    if (event_type.kind != KIND_STRING || event_type.len >= sizeof by_length) return ACTION_OTHER;
    const enum action action = (enum action)by_length[event_type.len];
    if (action == ACTION_OTHER) return ACTION_OTHER;
    /* Two words that may overlap are all of it. */
    const char *name = names[action].text;
    const size_t rest = event_type.len - 8;
    return slice_word(event_type.text) == slice_word(name) &&
                   slice_word(event_type.text + rest) == slice_word(name + rest)
               ? action
               : ACTION_OTHER;
}
