/*
 * reject.h - records that were refused or came too late, each with its reason (dead letters).
 *
 * With a file they become NDJSON {"reason","detail","input","line","partition","offset","raw"};
 * raw_base64 instead of raw when it is not UTF-8; at most 64 KiB of it, then "raw_truncated":true.
 * Without one the first few are named on standard error and the rest only counted.
 */
#ifndef CS_REJECT_H
#define CS_REJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pack.h"
#include "base/slice.h"
#include "event/reason.h"
#include "writer/output.h"

/* One such record and where it stood. */
struct reject {
    const char *reason;    /* "not-json", ..., or "late" */
    const char *detail;    /* a phrase */
    const char *input;     /* the input's name */
    uint32_t input_number; /* which input that is */
    uint64_t line;         /* in the input, from 1; 0: not known */
    int64_t partition;     /* -1: not framed */
    int64_t offset;        /* -1: not framed */
    struct slice raw;
};

struct rejects {
    struct buffer *deferred; /* or NULL; borrowed: they are packed into it, somebody else will add
                                them */
    uint8_t mark;            /* goes before each of these */
    struct output *output;   /* or NULL; borrowed */
    const char *what;        /* "rejected", "late": for messages */
    const char *option;      /* "--rejects": what to use to see them all */
    uint64_t count;
    uint64_t foreign; /* of these, bytes that are no UTF-8: text of another encoding, perhaps */
};

void rejects_add(struct rejects *rejects, const struct reject *reject);

/* Takes one that was deferred, from behind its mark; its texts borrow from in and from scratch.
 * False: there is none. */
bool reject_take(struct unpack *in, struct reject *reject, struct buffer *scratch);

#endif
