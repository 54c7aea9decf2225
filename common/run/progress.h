/*
 * progress.h - bytes, rate and time left on standard error, once a second at most.
 */
#ifndef CS_PROGRESS_H
#define CS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on, shown;
    bool asked;                /* even a short run is reported */
    int64_t began_us, next_us; /* steady clock */
};

/* asked: --progress was given; otherwise only what takes long is reported, if at all. */
void progress_init(struct progress *progress, bool asked, bool if_long);

/* bytes read so far, of total (0: not known). */
void progress_show(struct progress *progress, uint64_t bytes, uint64_t total);

/* Ends the line, with what was read in all. */
void progress_end(struct progress *progress, uint64_t bytes);

#endif
