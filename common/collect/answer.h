/*
 * answer.h - what a request is answered with, and how that is written.
 *
 * Answers say no-store, as nobody between is to keep them; those with a body (the snippet, figures,
 * what went wrong) say what is in it. Date is made once a second.
 */
#ifndef CS_ANSWER_H
#define CS_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct answer {
    int status;
    bool close;        /* nothing more is read from the connection */
    bool head_only;    /* HEAD: the body's length, but not the body */
    int retry_after_s; /* 0: not said */
    struct slice type; /* of the body; empty: there is no body */
    struct slice body;
    struct slice cache;  /* instead of no-store; empty: that */
    struct slice etag;   /* empty: none */
    struct slice fields; /* further header lines, each with its CR LF */
};

/* Adds it, at that time (seconds since 1970). */
void answer_add(struct buffer *out, const struct answer *answer, int64_t now_s);

/* The status' name: "No Content". */
const char *answer_phrase(int status);

#endif
