/*
 * partitioner.h - which of a topic's partitions a message with some key goes to.
 *
 * What producers agree on, so that a file can be cut as a topic is: all messages of a key are in
 * one partition. Java's clients take MurmurHash2 (Austin Appleby's, with the seed 0x9747b28c) and
 * drop the sign; librdkafka, kcat for one, takes the CRC-32 of zlib unless it is told otherwise
 * (topic.partitioner=murmur2 does as Java does).
 */
#ifndef CS_PARTITIONER_H
#define CS_PARTITIONER_H

#include <stdint.h>

#include "base/slice.h"

enum partitioner { PARTITIONER_MURMUR2, PARTITIONER_CONSISTENT };

/* Their names, in that order, as an option has them. */
#define PARTITIONER_WORDS "murmur2|consistent"

/* Kafka's murmur2 of some bytes; as a signed number it is what Java prints. */
uint32_t murmur2(struct slice bytes);

/* The partition, of count (at least 1), counted from 0. */
uint32_t partitioner_of(enum partitioner partitioner, struct slice key, uint32_t count);

#endif
