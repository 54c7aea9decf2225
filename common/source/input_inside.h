/*
 * input_inside.h - what the files of input share: input.c reads, input_filter.c puts filters in
 * between, input_ahead.c has decompressors work ahead.
 */
#ifndef CS_INPUT_INSIDE_H
#define CS_INPUT_INSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "source/input.h"

/* Opens one operand and learns what it is; a regular file from its beginning. */
void input_open(struct input *input);

/* Makes a regular file ready to be read from where it is. */
void input_turn(const struct inputs *inputs, struct input *input);

/* --- input_filter.c --- */

/* Learns by the first bytes of a regular file, open and unread, what it goes through. opening:
 * nothing has been read of any input. */
void input_recognise(const struct inputs *inputs, struct input *input, bool opening);

/* Puts what is known of them in front of a regular file that is open and unread. */
void input_filters_begin(const struct inputs *inputs, struct input *input);

enum input_looked {
    LOOKED_SETTLED, /* what is there are the input's bytes */
    LOOKED_MORE,    /* there are too few to say */
    LOOKED_AGAIN,   /* what was there goes through a filter: there is nothing now */
};

/* Looks at the first bytes of an input that is not settled. */
enum input_looked input_look(struct inputs *inputs, struct input *input);

/* The filters have brought all they can. True: another program reads the input once more, as one
 * that failed does not have the last word; what we have had of it is skipped. */
bool input_filters_end(struct inputs *inputs, struct input *input);

/* --- input_ahead.c --- */

/* Begins the decompressors of the files that come next, as many as may be at work. */
void ahead_begin(struct inputs *inputs, const struct input *current);

/* Takes what they bring until current can be read without waiting. */
void ahead_gather(struct inputs *inputs, const struct input *current);

/* Takes from what current has brought before its turn; 0: nothing is left of that. */
size_t ahead_take(struct input *current, char *into, size_t room);

#endif
