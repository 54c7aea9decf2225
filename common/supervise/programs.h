/*
 * programs.h - the tools of a run: one, or several that are read for together.
 *
 * One that needs a person - its state is damaged, or its position gone - does not keep the others
 * from going on: it is left out, and the exit status says so in the end.
 */
#ifndef CS_PROGRAMS_H
#define CS_PROGRAMS_H

#include "supervise/program.h"
#include "supervise/run_options.h"
#include "supervise/topic.h"

struct programs {
    struct program *program;
    size_t count;
    char *ends; /* DIR/ends, where one of them writes figures: where the logs end; else NULL */
    const struct run_options *options;
};

/* Takes those of the command line; umask is the user's. Wrong use is exit 2. */
void programs_init(struct programs *all, const struct run_options *options, mode_t umask);

/* Their directories. Exit 3: several are to be where one alone has been. */
void programs_settle(struct programs *all);

/* Exit 2 where counts would be partial. */
void programs_check_part(const struct programs *all, const struct topic *topic);

/* May the run end in order and begin anew, without closing what is open? */
bool programs_may_begin_anew(const struct programs *all);

/* Does one of them open its files anew on HUP? */
bool programs_reopen(const struct programs *all);

/* Does one of them want the keys and times of the records? */
bool programs_read_keys(const struct programs *all);

/* Finds out where each goes on, and says so. What none can go on with is the exit status. */
void programs_place(struct programs *all, struct topic *topic);

/* The same once more, after a source has ended that should not have: 0, or the exit status. */
int programs_place_again(struct programs *all, struct topic *topic);

/* What those that were at work to the end say: 0, or the exit status, and why has been said. */
int programs_judge(const struct programs *all);

/* The exit status of the first one that has ended with a judgement of its own: 2 or 3; 0: none. */
int programs_refusal(const struct programs *all);

/* Why others were left out: status, or what is worse. */
int programs_left_out(const struct programs *all, int status);

void programs_release(struct programs *all);

#endif
