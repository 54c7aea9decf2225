/*
 * list.h - the items of an option's value: a,b  NEW=OLD,NEW=OLD  FIELD:old=new,old=new.
 *
 * One grammar for every option that takes a list, documented in clickstream(7):
 *
 *     a,b        two items; none is empty, so a,,b and a, are refused
 *     a\,b       one, "a,b": a backslash takes the meaning from the character behind it
 *     a\\b       one, "a\b"
 *     a\         refused: nothing is behind the backslash
 *     n=m        in LIST_PAIRS a name and a value; n\=m is one without an equals sign between them
 *     f(a,"b,")  in LIST_EXPRESSIONS one: inside brackets and strings everything stands as it is
 *
 * Blanks around an expression are dropped; around a name they are part of it.
 *
 *     struct list names = {0};
 *     const char *why = list_add(&names, LIST_NAMES, slice_of("a,b"));
 *     for (size_t i = 0; why == NULL && i < names.count; i++) look_at(names.item[i].name);
 *     list_release(&names);
 */
#ifndef CS_LIST_H
#define CS_LIST_H

#include <stddef.h>

#include "base/slice.h"

enum list_kind { LIST_NAMES, LIST_PAIRS, LIST_EXPRESSIONS };

struct list_item {
    struct slice name;  /* owned, with a NUL behind; LIST_EXPRESSIONS: all of it */
    struct slice value; /* likewise; LIST_PAIRS only */
};

/* A zeroed struct is empty. */
struct list {
    struct list_item *item;
    size_t count;
};

/* Adds the items of text. Returns NULL, or the phrase that says what is wrong: the list is to be
 * released all the same. */
const char *list_add(struct list *list, enum list_kind kind, struct slice text);

/* Takes "FIELD:" from the front of text; *field is owned by the caller (free), with a NUL behind.
 * Returns NULL, or the phrase that says what is wrong, and then there is nothing to free. */
const char *list_field(struct slice *text, struct slice *field);

void list_release(struct list *list);

/* Without blanks at either end. */
struct slice text_trim(struct slice text);

/* Where stop first stands in text outside strings, parentheses, brackets and braces; NULL: nowhere.
 */
const char *text_find(struct slice text, char stop);

#endif
