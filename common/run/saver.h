/*
 * saver.h - when the state is saved, and by whom: a forked child, so that the stream goes on
 * meanwhile.
 *
 * The child has a snapshot of everything; it packs, sorts, writes, fsyncs and renames while the run
 * goes on. What the run pays is the fork (it copies page tables) and, afterwards, one copy of each
 * page that it changes while the child lives.
 *
 * Measured with cs-sessionize, 1,056,000 open sessions (357 MB, a state of 186 MB), 2 cores,
 * in time of a processor:
 *
 *     packing it in the run, the sort by id included           600 ms
 *     fork: all that the stream stops for                     7-18 ms
 *     fork with 100,000 open sessions                            4 ms
 *     300,000 random updates without a child                   550 ms
 *     the same with a child (90,000 pages copied, once)        860 ms
 *     the child until its rename                               650 ms
 *     from start to going on with that state                  1800 ms
 *
 * Packing in the run would stop it for more than half a second, and a log of changes would cost at
 * every event what is now paid once a page. Huge pages (glibc.malloc.hugetlb=1) make the first fork
 * 2 ms and change nothing else, as what is copied is split into small ones. A small state, which is
 * the usual one, goes the same way: its fork takes half a millisecond, and an fsync stops nobody.
 *
 * No save starts before the last one is durable, nor before ten times what that took has passed
 * since it began: saving takes at most a tenth of the time. The last save of a run is made by the
 * run itself, when there is no stream left to stop. The child dies with the run, and it holds the
 * run's lock (state.h): what it has not renamed by then never happened.
 */
#ifndef CS_SAVER_H
#define CS_SAVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct saver {
    int64_t every_us;
    pid_t child;        /* 0: none is at work */
    int64_t started_us; /* steady clock: when the last save began */
    int64_t due_us;     /* when the next one may begin */
};

void saver_init(struct saver *saver, int64_t every_us);

/* Who is to save. */
enum saver_side {
    SAVER_RUN,   /* the child does it: go on */
    SAVER_CHILD, /* this is the child: save, then saver_done */
    SAVER_ALONE, /* no child could be made (memory): save now, then saver_saved */
};

enum saver_side saver_fork(struct saver *saver);

_Noreturn void saver_done(void);

/* The save that began last is durable. */
void saver_saved(struct saver *saver);

/* Has the child ended just now? True once for each save; a save that failed ends the run (exit 1).
 * wait: until it has. */
bool saver_ended(struct saver *saver, bool wait);

#endif
