/*
 * program.h - a tool as cs-run runs it: its own words, what it is given beside, and the directory
 * in which all that its next run needs is. Of several tools in a run each has one inside DIR.
 *
 *     DIR/state    the tool's own
 *     DIR/begin    begin.h
 *     DIR/spool/   with -o or --table: rows for cs-ship
 *
 * Where the input comes from and where the state is, is said to the tool and not by its words.
 */
#ifndef CS_PROGRAM_H
#define CS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "supervise/topic.h"
#include "supervise/words.h"

/* Where a program is in a partition. */
struct place {
    int64_t begun;    /* where it began when its directory was made; -1: not known */
    int64_t position; /* the last offset that its state has counted; -1: none */
    int64_t next;     /* the offset that it has to be given next */
};

struct program {
    const char *name;    /* "cs-funnel": for messages */
    char *label;         /* what tells it from others of the run: "funnel" */
    struct words words;  /* as given, the program first */
    struct buffer path;  /* where the program is */
    char *dir;           /* all that its next run needs is there */
    char *out;           /* the topic, or the table, that rows go to; NULL: none (sink.h) */
    struct buffer key;   /* of its rows: what --key is given; empty: its words have one */
    struct place *place; /* one for each partition that is read */
    int64_t begun_count; /* partitions the topic had when the directory was made; 0: it is new */
    mode_t umask;        /* of what it writes: the user's */
    int left_out;        /* an exit status: it is not run, for that; 0: it is */
    /* While it runs. */
    int *input;      /* what it reads, one for each partition: descriptors */
    pid_t pid, ship; /* of it and of its shipper; 0: not at work */
    int status;      /* how it has ended; -1: it has not */
    int ship_status;
};

/* Takes its words, "cs-funnel" or "NAME=cs-funnel" first, its topic (empty: none) and the user's
 * umask. What its words must not or must not yet say is exit 2, and a tool that is none. */
void program_init(struct program *program, const struct words *words, struct slice out,
                  mode_t umask);

/* Its directory: dir, or, for one of several, a directory of its label there, which is made. */
void program_settle(struct program *program, const char *dir, bool alone);

/* Counts of some partitions out of more are partial counts, and rows to be merged come in no order
 * from several: exit 2 where that would be wrong. */
void program_check_part(const struct program *program, const struct topic *topic);

/* Fills in position out of its state. Returns the exit status of the tool: not 0 where it refuses
 * its options or its state. */
int program_positions(struct program *program, const struct topic *topic);

/* Runs it with one more word on its state, and takes what it prints. Returns its exit status. */
int program_ask(const struct program *program, const char *word, struct buffer *answer);

/* Finds what names a row of it. */
void program_find_key(struct program *program);

/* The members of the key, out of what the tool of that name says with --explain. */
void program_key(struct buffer *key, const char *name, bool by_partition, struct slice explained);

/* Does it close all that is open when its input ends? */
bool program_flushes(const struct program *program);

/* Do its rows go to standard output? */
bool program_prints(const struct program *program);

/* Does it write files that it opens anew on HUP? Any other tool dies of that. */
bool program_reopens(const struct program *program);

/* Does it write figures to a file, in which the ends of the logs have a place? */
bool program_reads_ends(const struct program *program);

/* Starts it on its inputs, which are closed here; lock is a descriptor that it keeps open. ends:
 * the file that says where the logs end, or NULL. */
void program_start(struct program *program, const struct topic *topic, const char *ends, int lock);

void program_release(struct program *program);

#endif
