/*
 * process.h - a process of ours: what it runs, what it is given, and that it dies when we do.
 *
 * Whoever supervises can be killed, and nothing may be left running then: a bound process gets a
 * TERM from the kernel. That can only be asked for by the child itself, between fork and exec, so
 * these are no posix_spawn; the process that forks is small.
 *
 * A child has /dev/null as its standard input, ignores INT (a ^C is for us, who end it in order),
 * and inherits of our own descriptors those that are named, and no other.
 */
#ifndef CS_PROCESS_H
#define CS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/slice.h"

struct process {
    char *const *words;   /* its command line; the first one is looked for in PATH */
    const char *path;     /* the program, when it is not that */
    int out, err;         /* its standard output and standard error; 0: those that we have */
    const int *inherited; /* descriptors that it has under the same numbers */
    size_t inherited_count;
    mode_t umask;
    bool bound;         /* it gets a TERM when we die */
    bool reopens;       /* HUP, which kills others, is for it: not before it is ready for that */
    struct slice first; /* written to its standard output before it is run */
    bool only_first;    /* and that is all */
};

/* Starts it; returns its pid. What cannot be run says so and has 127 for exit status. */
pid_t process_start(const struct process *process);

/* What waitpid(2) says, as a shell counts: the exit status, or 128 and the signal. */
int process_status(int waited);

/* Waits for its end; returns its status as process_status. */
int process_wait(pid_t pid);

/* A pipe, neither end of which is inherited unless it is named. */
void process_pipe(int ends[2]);

/* Reads what there is, without waiting for more. False: it is at its end, and closed. */
bool process_read(int *fd, struct buffer *into);

/* Puts where the program is in path, with a NUL behind: as it is if it is a path, else in PATH,
 * else beside this program, as in a build that is not installed. False: nowhere. */
bool program_find(struct buffer *path, const char *name);

/* The same for one that belongs to this program: beside it, or in the scripts of the tree that the
 * build lies in, comes first. */
bool program_find_own(struct buffer *path, const char *name);

#endif
