/*
 * judge.h - bodies of requests become rows, by the judgement that cs-parse has.
 *
 * There is one run (run/loop.h) that never reads an input: each record of a body is taken as if it
 * stood in one, so scanner, --map, --derive, --where and the reasons for which a record is refused
 * are those of cs-parse. Rows gather in memory until the caller takes them. Beside the event's own
 * members a row has what the server knows, whatever the sender says of it: received_at, ip,
 * user_agent, and client_time where the time was corrected.
 */
#ifndef CS_JUDGE_H
#define CS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "collect/body.h"
#include "run/loop.h"
#include "run/parsing.h"

enum judge_clock { CLOCK_AUTO, CLOCK_CLIENT, CLOCK_SERVER };

/* Who has sent a body. */
struct sender {
    int64_t received_us;
    struct slice address; /* as it goes into the row; empty: null */
    struct slice agent;   /* as it came, any bytes; text NULL: there was none */
    struct slice bot;     /* the crawler's name; empty: it is none */
};

/* What has become of the records of a body. */
struct judgement {
    uint64_t records;
    uint64_t used;     /* of which rows were made, or none because an option says so */
    uint64_t rejected; /* with the reason of the first: */
    const char *reason;
    bool nothing; /* there are some, and not one of them is JSON */
};

/* The run is made ready, with what the tool's options say. Anything wrong is die_usage. */
struct judge_rules {
    const struct parsing_options *parsing;
    enum judge_clock clock;
    bool with_address, with_bot; /* rows have these members */
};

void judge_start(const struct tool *tool, const struct judge_rules *rules);

/* The struct tool's own. */
const struct analysis *judge_run_start(struct run *run);
void judge_run_release(struct run *run);

/* The run, for those who count and write what it has refused. */
struct loop *judge_loop(void);

/* Takes the records of a body. */
struct judgement judge_take(const struct body *body, const struct sender *sender);

/* The rows made since judge_clear. */
struct slice judge_rows(void);

/* They are where they belong: a new group begins. */
void judge_clear(void);

/* They cannot be written: nothing of the group has happened, and whoever sent it will send it
 * again. */
void judge_undo(void);

/* How many events there were, and records that were mended. */
void judge_counters(uint64_t *produced, uint64_t *repaired);

void judge_end(void);

#endif
