/*
 * front.h - cs-parse in front of the tools: --parse.
 *
 * Each partition has a cs-parse of its own, between kcat and those who read: several translate at
 * once, and each pipe stays bound to its partition. It hands each record on in its frame, and says
 * of those of which nothing is left that they are done with (cs-parse --keep-frame), so positions
 * are those of the topic. It remembers nothing from one record to the next: what starts again goes
 * on where the tools' states end. Options that would need a memory are refused.
 */
#ifndef CS_FRONT_H
#define CS_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/option.h"
#include "supervise/words.h"

struct front {
    struct words words; /* cs-parse and its options; none: there is nothing in front */
    struct buffer path;
};

/* Takes the values of --parse. What is wrong with them is exit 2. */
void front_init(struct front *front, const struct option_list *texts);

/* Has cs-parse look at its options: passes its exit status on when it refuses them. */
void front_check(const struct front *front);

/* Starts one for a partition. in: what it reads, which is closed here; becomes what is to be read
 * of it. Returns its pid. */
pid_t front_start(const struct front *front, const char *topic, int64_t partition, int *in,
                  int lock);

void front_release(struct front *front);

#endif
