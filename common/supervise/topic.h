/*
 * topic.h - a topic as the brokers describe it: its partitions, those that are read, and the ends
 * of their logs.
 */
#ifndef CS_TOPIC_H
#define CS_TOPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "supervise/kcat.h"

struct log {
    int64_t number;    /* of the partition */
    int64_t low, high; /* the offset of the first record there is, and of the next one to come */
};

struct topic {
    const char *name;
    const struct kcat *kcat;
    int64_t count;   /* partitions that it has */
    struct log *log; /* those that are read, in order */
    size_t read;
    bool all; /* whatever there is is read, also what comes to be */
};

/* Is text all, or a list like 0,1,2 or 0-11 of numbers of six digits at most? */
bool topic_list_good(const char *text);

/* Asks how many partitions the topic has, and chooses those of a good list. Exit 1 where no broker
 * says so, exit 2 where one is not there. */
void topic_find(struct topic *topic, const struct kcat *kcat, const char *name, const char *list);

/* Is there a topic of that name? Only what a broker denies is not: one that does not say may have
 * its reasons. A broker that makes topics for whoever asks makes it now. */
bool topic_exists(const struct kcat *kcat, const char *name);

/* Chooses those of a good list out of topic->count. */
void topic_choose(struct topic *topic, const char *list);

/* Asks for the ends of the logs. Exit 1: no broker says. */
void topic_ends(struct topic *topic);

/* Replaces the file by one that says where the logs end, as kcat -Q would. A file that cannot be
 * written is told of, and is no reason to end. */
void topic_write_ends(const struct topic *topic, const char *path);

/* Asks for the first offset of each partition that is read whose record has that time or a later
 * one, in milliseconds; -1: none has. */
void topic_offsets(const struct topic *topic, int64_t when_ms, int64_t *offset);

/* Which of those that are read has that number? -1: none. */
int64_t topic_index(const struct topic *topic, int64_t number);

/* Adds the numbers of those that are read, with that between them. */
void topic_numbers(const struct topic *topic, struct buffer *out, char between);

void topic_release(struct topic *topic);

#endif
