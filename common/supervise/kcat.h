/*
 * kcat.h - kcat, which is what talks to Kafka: how it is called, and what it says.
 *
 * It reads its own configuration after -X, and would overrule what is relied on: named as -F that
 * file comes first. The reason of a failure (an unknown host, a wrong password, a certificate) is
 * in what librdkafka logs; that is of no interest when there is an answer.
 */
#ifndef CS_KCAT_H
#define CS_KCAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/slice.h"
#include "supervise/words.h"

struct kcat {
    const char *brokers;     /* borrowed */
    struct words connection; /* -F FILE: the configuration files */
    struct words properties; /* -X NAME=VALUE */
};

/* Notes how to get to the brokers. files and properties: as given by options. */
void kcat_connect(struct kcat *kcat, const char *brokers, const struct option_list *files,
                  const struct option_list *properties);

void kcat_release(struct kcat *kcat);

/* Adds -b BROKERS, the files and the properties. */
void kcat_add(const struct kcat *kcat, struct words *words);

/* Has kcat answer these words, which follow how to get there. False: it has failed, and why has
 * been said. */
bool kcat_ask(const struct kcat *kcat, const struct words *question, struct buffer *answer);

/* Out of an answer to -L: how many partitions the topic has. False: it does not say. */
bool kcat_count(struct slice answer, int64_t *count);

/* Out of an answer to -Q: takes the next line off, "TOPIC [PARTITION] offset OFFSET". False: that
 * is none, or there are no more. */
bool kcat_offset(struct slice *answer, int64_t *partition, int64_t *offset);

enum kcat_end { KCAT_GOES_ON, KCAT_WAITS, KCAT_ENDS };

/* A line of its standard error: has it come to a partition's end, at which offset, and does it wait
 * there for more, or end? KCAT_GOES_ON: the line does not say so. */
enum kcat_end kcat_at_end(struct slice line, int64_t *offset);

/* Is a line of its standard error for people? */
bool kcat_worth_telling(struct slice line);

/* What is left of a line of the log of a failure without what is around it; empty: nothing. */
struct slice kcat_reason(struct slice line);

#endif
