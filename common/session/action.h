/*
 * action.h - what somebody has done, as far as sessions and carts count it.
 */
#ifndef CS_ACTION_H
#define CS_ACTION_H

#include "base/value.h"

enum action {
    ACTION_OTHER,
    ACTION_PAGE_VIEW,
    ACTION_PRODUCT_VIEW,
    ACTION_ADD_TO_CART,
    ACTION_PURCHASE,
    ACTION_COUNT
};

/* The action of an event_type. */
enum action action_of(struct value event_type);

#endif
