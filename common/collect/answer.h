/*
 * answer.h - what a request is answered with, as the library sends it.
 *
 * Answers say no-store, as nobody between is to keep them; those with a body (the snippet, figures,
 * what went wrong) say what is in it. By far the most are the same one, 204 and nothing else: it is
 * made once a second, as it has a Date.
 */
#ifndef CS_ANSWER_H
#define CS_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct MHD_Response;

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

/* As it is at that time (seconds since 1970); what the answer borrows is copied. Given back by
 * answer_done, which wants to know whether it is a common one that is kept here. */
struct MHD_Response *answer_response(const struct answer *answer, int64_t now_s, bool *is_kept);
void answer_done(struct MHD_Response *response, bool is_kept);

/* Gives back what is kept. */
void answer_release(void);

#endif
