/*
 * made_id.h - an id made of an event's members, for events that have none (--id-from).
 *
 * 128 bits in hexadecimal. Members are told apart and so is null: ("a", "bc"), ("ab", "c") and
 * ("a", null) are three ids. Equal strings give equal ids however they were escaped, and so does a
 * number written as one.
 */
#ifndef CS_MADE_ID_H
#define CS_MADE_ID_H

#include "base/buffer.h"
#include "base/id.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"

/* Zeroed, it is made of no member. */
struct made_id {
    int slot[SCHEMA_MAX]; /* the members it is made of, in order */
    int count;
    struct buffer bytes;              /* of the event looked at last */
    char text[2 * sizeof(struct id)]; /* the id made of them */
};

void made_id_release(struct made_id *made);

/* The event's id, good until the next call; null where all members are. */
struct value made_id_value(struct made_id *made, const struct event *ev);

#endif
