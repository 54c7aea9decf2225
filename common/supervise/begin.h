/*
 * begin.h - where a program began in each partition, and where it goes on.
 *
 * DIR/begin says the topic, how many partitions it had, and the offset at which each was begun:
 *
 *     topic clicks
 *     partitions 2
 *     0 1200
 *     1 1187
 *
 * What has no position in the state yet goes on from there, although "the end" and the time of
 * --from are somewhere else by now. The file is only ever replaced.
 */
#ifndef CS_BEGIN_H
#define CS_BEGIN_H

#include "supervise/program.h"
#include "supervise/topic.h"

/* --from: where a new directory begins. */
struct beginning {
    const char *text; /* NULL: it was not given */
    enum { FROM_NOTHING, FROM_BEGINNING, FROM_END, FROM_TIME } kind;
    int64_t time_ms; /* FROM_TIME */
};

/* Reads the value of --from. False: it is none. */
bool beginning_read(struct beginning *from, const char *text);

/* Fills in begun, or makes the file where there is none. False: a person is needed, and why has
 * been said: it is of another topic, or knows partitions that are not read now. Exit 2: it is new,
 * and nobody says where it begins. */
bool begin_find(struct program *program, const struct topic *topic, const struct beginning *from);

/* Fills in next, which begun and position are known for. False: a person is needed, and why has
 * been said: that is behind the end of the log, or gone from its beginning, unless skip_gone: then
 * it is the beginning. */
bool begin_go_on(struct program *program, const struct topic *topic, bool skip_gone);

#endif
