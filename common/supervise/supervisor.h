/*
 * supervisor.h - the processes of a run, from the sources to the shippers, and when which ends.
 *
 *     kcat -C -p 0 -- pipe --+
 *     kcat -C -p 1 -- pipe --+-- cs-funnel --state --spool -- segments -- cs-ship -- kcat -P
 *
 * It ends from the left: the sources are stopped, the end of input runs down to the tools, which
 * save, and the shippers send what is left. Should this process be killed, the kernel stops the
 * sources for it, and the rest follows. One poll loop does it all (supervisor_turn): it waits for
 * signals, ends of children, what kcats say, and, where the records go through this process
 * (spread.h), for those.
 *
 * Of several tools one that ends does not end the others. One that may do better next time (killed,
 * a full disk) is started again with all others a minute later, from the smallest position.
 */
#ifndef CS_SUPERVISOR_H
#define CS_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervise/feed.h"
#include "supervise/front.h"
#include "supervise/program.h"
#include "supervise/question.h"
#include "supervise/sink.h"
#include "supervise/topic.h"

struct supervisor {
    /* Filled in by the caller, who keeps what is pointed at. */
    struct topic *topic;
    const struct front *front;
    struct program *program;
    size_t programs;
    const char
        *ends; /* the file that says where the logs end, for figures; NULL: nobody reads it */
    const struct sink *sink;
    int64_t refresh_us; /* how often to look for new partitions; 0: never */
    bool keyed;         /* somebody reads the keys and times of the records: --kafka-members */
    bool once;
    bool may_begin_anew; /* it may end in order, and be begun anew, for a tool that has ended */
    int lock;            /* a descriptor held by all that read and count for us */
    int wake_fd;         /* of signals_catch */
    /* How it has ended. */
    struct buffer failed; /* what has ended that should not have; empty: nothing */
    int failed_status;    /* its exit status where that says more than that it has failed: 2, 3 */
    bool source_failed;   /* and that is a source */
    bool again;           /* it is to begin anew: there are more partitions, or a tool has ended */
    /* Its own. */
    struct feed *feed;           /* one for each partition that is read */
    struct question growth, end; /* are there more partitions? where do the logs end? */
    int64_t again_us;            /* steady clock: when to begin anew; INT64_MAX: never */
};

/* Runs until a signal comes, --once has come to its end, or something ends that should not; and
 * then everything to its end. */
void supervisor_run(struct supervisor *supervisor);

void supervisor_release(struct supervisor *supervisor);

#endif
