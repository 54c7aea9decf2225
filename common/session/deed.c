#include "session/deed.h"

enum deed deed_of(struct value event_type)
{
    static const struct slice names[DEED_COUNT] = {
        [DEED_PAGE_VIEW] = {"page_view", 9},
        [DEED_PRODUCT_VIEW] = {"product_view", 12},
        [DEED_ADD_TO_CART] = {"add_to_cart", 11},
        [DEED_PURCHASE] = {"purchase", 8},
    };
    static const uint8_t by_length[] = {
        [8] = DEED_PURCHASE,
        [9] = DEED_PAGE_VIEW,
        [11] = DEED_ADD_TO_CART,
        [12] = DEED_PRODUCT_VIEW,
    };

    if (event_type.kind != KIND_STRING || event_type.len >= sizeof by_length) return DEED_OTHER;
    const enum deed deed = (enum deed)by_length[event_type.len];
    if (deed == DEED_OTHER) return DEED_OTHER;
    /* Two words that may overlap are all of it. */
    const char *name = names[deed].text;
    const size_t rest = event_type.len - 8;
    return slice_word(event_type.text) == slice_word(name) &&
                   slice_word(event_type.text + rest) == slice_word(name + rest)
               ? deed
               : DEED_OTHER;
}
