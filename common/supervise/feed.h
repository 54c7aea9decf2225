/*
 * feed.h - one partition on its way: a pipe, and the kcat that fills it.
 *
 * A first kcat writes 4 KiB at a time while it catches up, which costs a third less; at the end of
 * the log (which a fetch that does not wait shows at once) it ends, and the next one passes on
 * every line as it comes. In between goes a frame that says where the end was. The writing end of
 * the pipe stays open here, so whoever reads sees an end of input only when feed_close says so.
 *
 * That kcat is content with itself (status 0) does not say that it has read all there was: it has
 * to have said where the end is.
 */
#ifndef CS_FEED_H
#define CS_FEED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "supervise/spread.h"
#include "supervise/topic.h"

#define FEED_LINGER_US INT64_C(5000000)

struct feed {
    const struct topic *topic;
    int64_t number;       /* of the partition */
    int64_t next;         /* the offset of the next record to be asked for */
    bool keyed;           /* the frames have the keys and times of the records */
    int pipe;             /* what kcat writes to; -1: closed */
    pid_t pid;            /* of kcat; 0: none is at work */
    int status;           /* how it ended; -1: it has not */
    int64_t ended_us;     /* steady clock: when that was seen */
    int said;             /* its standard error; -1: that has come to its end */
    struct buffer text;   /* what of it is no whole line yet */
    bool caught_up;       /* the first kcat has come to the end of the log */
    bool live;            /* the second one is at work */
    int64_t reached;      /* where the second one was last at the end of the log; 0: nowhere */
    bool told;            /* whoever reads has been told of the last end, and that is all */
    pid_t front;          /* of the cs-parse behind it; 0: none is at work */
    struct spread spread; /* count 0: whoever reads has the pipe itself */
};

/* Makes the pipe. Returns the end to read from. */
int feed_open(struct feed *feed, const struct topic *topic, int64_t number, int64_t next);

/* --once: is there more in the log than there was at the start, so that this is all? */
bool feed_is_beyond(const struct feed *feed);

/* Starts the next kcat; lock is a descriptor that it keeps open. */
void feed_start(struct feed *feed, int lock);

/* Takes what kcat has said. */
void feed_listen(struct feed *feed);

/* Has all come of the kcat that has ended? What it has said may be held open by what it has left
 * behind; nobody waits longer than five seconds for that. */
bool feed_is_over(const struct feed *feed, int64_t now_us);

/* How to go on after a kcat that is over: FEED_NEXT, with feed_start; FEED_DONE: --once has come to
 * the end; FEED_FAILED: it should not have ended. */
enum feed_end { FEED_NEXT, FEED_DONE, FEED_FAILED };
enum feed_end feed_end(struct feed *feed, bool once, struct buffer *why);

/* A kcat that was stopped is over. If the second one was at an end of the log behind where it
 * began, and there is time, whoever reads is told of that by one more frame: behind the last record
 * may be what ends a transaction. */
void feed_leave(struct feed *feed, int lock, bool in_time);

/* Whoever reads comes to the end of its input. */
void feed_close(struct feed *feed);

void feed_release(struct feed *feed);

#endif
