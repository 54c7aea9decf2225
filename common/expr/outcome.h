/*
 * outcome.h - how running an expression over one event has ended.
 */
#ifndef CS_OUTCOME_H
#define CS_OUTCOME_H

enum outcome {
    OUTCOME_VALUE,  /* an output */
    OUTCOME_NONE,   /* no output: empty */
    OUTCOME_ERROR,  /* the program failed on this event */
    OUTCOME_BEYOND, /* native.c only: libjq has to be asked */
};

#endif
