/*
 * metadata.h - what a topic says of a record beside its payload, as members of its events
 * (--kafka-members): kafka_key, kafka_key_base64, kafka_time, kafka_headers.
 *
 * A payload may have members of these names, too. Ours stand behind all others, and all four of
 * them stand in every event: of members that are repeated the last one counts, so nobody who writes
 * a payload can say what its key was.
 */
#ifndef CS_METADATA_H
#define CS_METADATA_H

#include "base/buffer.h"
#include "source/frame.h"

/* Ends the run if the frame says nothing of key and time. */
void metadata_demand(const struct frame *frame, const struct input *input);

/* Adds the members to each of the events, one a line. What is no object stays as it is, and what is
 * a broken one is broken still. */
void metadata_add(struct buffer *events, const struct frame *frame);

#endif
