/*
 * supervisor.h - the processes of a run, from the sources to the shipper, and when which ends.
 *
 *     kcat -C -p 0 -- pipe --+
 *     kcat -C -p 1 -- pipe --+-- cs-funnel --state --spool -- segments -- cs-ship -- kcat -P
 *
 * It ends from the left: the sources are stopped, the end of input runs down to the tool, which
 * saves, and the shipper sends what is left. Should this process be killed, the kernel stops the
 * sources for it, and the rest follows. One poll loop does it all (supervisor_turn): it waits for
 * signals, ends of children, and what kcats say.
 */
#ifndef CS_SUPERVISOR_H
#define CS_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervise/feed.h"
#include "supervise/program.h"
#include "supervise/topic.h"

struct supervisor {
    /* Filled in by the caller, who keeps what is pointed at. */
    const struct topic *topic;
    struct program *program;
    const char *drain;  /* seconds, for cs-ship */
    int64_t refresh_us; /* how often to look for new partitions; 0: never */
    bool once;
    int lock;    /* a descriptor held by all that read and count for us */
    int wake_fd; /* of signals_catch */
    /* How it has ended. */
    int tool_status; /* -1: it has not */
    int ship_status;
    struct buffer failed; /* what has ended that should not have; empty: nothing */
    bool source_failed;   /* and that is a source */
    bool grown;           /* the topic has more partitions than are read */
    /* Its own. */
    struct feed *feed; /* one for each partition that is read */
    pid_t tool, ship;  /* 0: not at work */
    struct {
        pid_t pid;
        int fd;
        struct buffer answer;
        int64_t due_us; /* steady clock; INT64_MAX: never */
    } growth;
};

/* Runs until a signal comes, --once has come to its end, or something ends that should not; and
 * then everything to its end. */
void supervisor_run(struct supervisor *supervisor);

void supervisor_release(struct supervisor *supervisor);

#endif
