/*
 * sink.h - where cs-ship brings the rows of a run's tools: to topics, or to tables of PostgreSQL.
 *
 * Each tool has a name of its own there (struct program, out). What is there is looked at when a
 * run begins: a topic that is missing is named, and a table is made of what the tool says of its
 * rows (--print-schema), before there are any.
 */
#ifndef CS_SINK_H
#define CS_SINK_H

#include <stdbool.h>

#include "supervise/kcat.h"
#include "supervise/program.h"

struct sink {
    const struct kcat *kcat; /* of the topic that is read */
    const char *postgres;    /* where PostgreSQL is, as psql takes it; NULL: rows go to topics */
    bool create;             /* tables that are not there are made */
    const char *drain;       /* seconds that a shipper has when it is to end */
};

/* Looks whether the rows of a program can go there, once its directory is settled. A topic that is
 * missing is said, and is no reason not to run. What is wrong with the tool's words is exit 2. */
void sink_look(const struct sink *sink, const struct program *program);

/* Starts the shipper of a program's rows. once: of those that are there, and then it ends. */
void sink_ship(const struct sink *sink, struct program *program, bool once);

#endif
