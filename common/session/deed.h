/*
 * deed.h - what somebody has done, as far as sessions and carts count it.
 */
#ifndef CS_DEED_H
#define CS_DEED_H

#include "base/value.h"

enum deed {
    DEED_OTHER,
    DEED_PAGE_VIEW,
    DEED_PRODUCT_VIEW,
    DEED_ADD_TO_CART,
    DEED_PURCHASE,
    DEED_COUNT
};

/* The deed of an event_type. */
enum deed deed_of(struct value event_type);

#endif
